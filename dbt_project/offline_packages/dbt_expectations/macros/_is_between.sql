{# SQL: the value is within the bounds, themselves allowed unless strictly. Raises when neither bound is given. #}
{% macro _is_between(value, min_value, max_value, strictly) %}
    {%- if min_value is none and max_value is none -%}
        {%- do exceptions.raise_compiler_error("Give min_value, max_value or both.") -%}
    {%- endif -%}
    {%- set or_equal = '' if strictly else '=' -%}
    {%- set bounds = [] -%}
    {%- if min_value is not none -%}
        {%- do bounds.append(value ~ ' >' ~ or_equal ~ ' ' ~ min_value) -%}
    {%- endif -%}
    {%- if max_value is not none -%}
        {%- do bounds.append(value ~ ' <' ~ or_equal ~ ' ' ~ max_value) -%}
    {%- endif -%}
    {{ return(bounds | join(' and ')) }}
{% endmacro %}
