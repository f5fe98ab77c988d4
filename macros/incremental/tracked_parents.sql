{#- In: a node's id. Out: tracked names of the tables it reads, seen through views, in a list without repeats. -#}
{% macro tracked_parents(node_id, found=none) %}
    {%- set found = [] if found is none else found -%}
    {%- for parent_id in graph.nodes[node_id].depends_on.nodes if parent_id.startswith('model.') -%}
        {%- set parent = graph.nodes[parent_id] -%}
        {%- if parent.config.materialized in ('incremental', 'table') -%}
            {%- set name = tracked_name(parent) -%}
            {%- if name not in found -%}{%- do found.append(name) -%}{%- endif -%}
        {%- else -%}
            {%- do tracked_parents(parent_id, found) -%}
        {%- endif -%}
    {%- endfor -%}
    {{ return(found) }}
{% endmacro %}
