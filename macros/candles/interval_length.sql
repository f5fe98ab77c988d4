{#- In: SQL that names an interval. Out: SQL that gives its length; null for a month and for what is no interval. In
    seconds throughout: adding a `day` would depend on the session's time zone. -#}
{% macro interval_length(name) -%}
    case {{ name }}
        {%- for interval, seconds in interval_seconds().items() %} when '{{ interval }}' then interval '{{ seconds }} seconds'{% endfor %} end
{%- endmacro %}
