{#- What this invocation makes, and what it reads so that nobody may make it meanwhile.

    Out: {'built': [...], 'read': [...]}, names `schema.table`. dbt swaps a view or a rebuilt table in and drops the old
    one with the views on it: those are built as well, selected or not. For the same reason the views that a selected
    model or test reads must stay while it reads them. -#}
{% macro leased_relations() %}
    {%- set built, read, views_on = {}, {}, {} -%}
    {%- for node in graph.nodes.values() if node.config.materialized == 'view' -%}
        {%- for parent_id in node.depends_on.nodes -%}
            {%- do views_on.setdefault(parent_id, []).append(node.unique_id) -%}
        {%- endfor -%}
    {%- endfor -%}
    {%- for node_id in selected_resources if node_id in graph.nodes -%}
        {%- set node = graph.nodes[node_id] -%}
        {%- if node.resource_type in ('model', 'seed', 'snapshot') and node.config.materialized != 'ephemeral' -%}
            {%- do built.update({node_id: true}) -%}
            {%- if node.config.materialized in ('view', 'table') or flags.FULL_REFRESH -%}
                {%- do views_above(node_id, views_on, built) -%}
            {%- endif -%}
        {%- endif -%}
        {%- do views_below(node_id, read) -%}
    {%- endfor -%}
    {%- set names = {'built': [], 'read': []} -%}
    {%- for kind, node_ids in {'built': built, 'read': read}.items() -%}
        {%- for node_id in node_ids -%}
            {%- do names[kind].append(graph.nodes[node_id].schema ~ '.' ~ graph.nodes[node_id].alias) -%}
        {%- endfor -%}
    {%- endfor -%}
    {{ return(names) }}
{% endmacro %}
