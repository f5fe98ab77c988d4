{#- Out: {load_order, take_id}, the bounds of this invocation; the present ones where nothing froze them
    (`dbt compile` and `dbt show` run no hooks). -#}
{% macro frozen_bounds() %}
    {%- set rows = asked_once("
        select load_order, take_id from ops.builds where invocation_id = '" ~ invocation_id ~ "'
        union all
        select
            coalesce((select max(load_order) from ops.loads), 0),
            coalesce((select max(take_id) from ops.model_takes), 0)
        where not exists (select 1 from ops.builds where invocation_id = '" ~ invocation_id ~ "')
    ").rows -%}
    {{ return({'load_order': rows[0][0] | int, 'take_id': rows[0][1] | int}) }}
{% endmacro %}
