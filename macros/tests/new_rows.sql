{#- In: a model's relation. Out: the condition that picks the rows its last take may have changed: those from its
    lowest load on. A view has what the tables that it reads took. -#}
{% macro new_rows(relation) -%}
    {%- if not execute -%} true
    {%- else -%}
    {%- set names = [] -%}
    {%- for node in graph.nodes.values()
            if node.resource_type == 'model' and node.schema == relation.schema and node.alias == relation.identifier -%}
        {%- if node.config.materialized == 'view' -%}
            {%- do tracked_parents(node.unique_id, names) -%}
        {%- else -%}
            {%- do names.append(tracked_name(node)) -%}
        {%- endif -%}
    {%- endfor -%}
    {%- set models -%}
        array[{% for name in names %}'{{ name }}'{{ ', ' if not loop.last }}{% endfor %}]::text[]
    {%- endset -%}
    {%- set start = run_query("
        select min(from_order)
        from ops.model_takes
        where model = any(" ~ models ~ ")
            and invocation_id = (
                select invocation_id
                from ops.model_takes
                where model = any(" ~ models ~ ")
                order by take_id desc
                limit 1
            )
    ").rows[0][0] -%}
    load_order > {{ start if start is not none else 0 }}
    {%- endif -%}
{%- endmacro %}
