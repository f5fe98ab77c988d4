{#- In: a model's name. Out: 'source.stream' for base_<source>__<plural>, else none. -#}
{% macro base_stream(model_name) %}
    {%- if model_name.startswith('base_') -%}
        {{ return(model_name[5:] | replace('__', '.')) }}
    {%- endif -%}
    {{ return(none) }}
{% endmacro %}
