{#- In: a tracked model's relation. Out: the condition that picks the rows its last take may have changed: those from
    its lowest load on. A model that took nothing in this invocation has no new rows. -#}
{% macro new_rows(relation) -%}
    {%- if not execute -%} true
    {%- else -%}
    {%- set start = run_query("
        select min(from_order)
        from ops.model_takes
        where model = '" ~ relation.schema ~ "." ~ relation.identifier ~ "'
            and invocation_id = (
                select invocation_id
                from ops.model_takes
                where model = '" ~ relation.schema ~ "." ~ relation.identifier ~ "'
                order by take_id desc
                limit 1
            )
    ").rows[0][0] -%}
    load_order > {{ start if start is not none else 0 }}
    {%- endif -%}
{%- endmacro %}
