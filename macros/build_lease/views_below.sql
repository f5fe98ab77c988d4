{#- Notes in `found` the views that a node reads, directly or through each other. -#}
{% macro views_below(node_id, found) %}
    {%- for parent_id in graph.nodes[node_id].depends_on.nodes if parent_id in graph.nodes and parent_id not in found -%}
        {%- if graph.nodes[parent_id].config.materialized == 'view' -%}
            {%- do found.update({parent_id: true}) -%}
            {%- do views_below(parent_id, found) -%}
        {%- endif -%}
    {%- endfor -%}
{% endmacro %}
