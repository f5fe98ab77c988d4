{#- on-run-start: freezes what this invocation may see. Loads and takes that commit later wait for the next one. -#}
{% macro freeze_bounds() %}
    {%- set whose = '' if target.name == 'prod' else target.name ~ ': ' -%}
    {%- set chosen = invocation_args_dict.get('selector') or (invocation_args_dict.get('select') or []) | join(' ') %}
    insert into ops.builds (invocation_id, command, selector, target, load_order, take_id)
    select
        '{{ invocation_id }}',
        '{{ flags.WHICH }}',
        {{ dbt.string_literal((whose ~ chosen) | replace("'", "''")) }},
        '{{ target.name }}',
        coalesce((select max(load_order) from ops.loads), 0),
        coalesce((select max(take_id) from ops.model_takes), 0)
    on conflict (invocation_id) do nothing
{% endmacro %}
