{# Whether a relation is there: of pipelines that were never built here, nothing is read. True while dbt only parses. #}
{% macro is_built(relation) %}
    {%- do return(not execute or load_relation(relation) is not none) -%}
{% endmacro %}
