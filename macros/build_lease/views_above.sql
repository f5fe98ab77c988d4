{#- Notes in `found` the views that stand on a node, on each other and so on. In: {node id: ids of the views on it}. -#}
{% macro views_above(node_id, views_on, found) %}
    {%- for view_id in views_on.get(node_id, []) if view_id not in found -%}
        {%- do found.update({view_id: true}) -%}
        {%- do views_above(view_id, views_on, found) -%}
    {%- endfor -%}
{% endmacro %}
