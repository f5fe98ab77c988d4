{#- In: a test of the graph. Out: the model that it is about, as the graph has it: the one whose YAML holds it, or for a
    test that is a file the first that it reads; an empty dictionary for a test of none. -#}
{% macro tested_model(test) %}
    {%- set read = [test.attached_node] if test.attached_node else test.depends_on.nodes -%}
    {%- for id in read if id.startswith('model.') -%}
        {{ return(graph.nodes.get(id, {})) }}
    {%- endfor -%}
    {{ return({}) }}
{% endmacro %}
