{#- In: {name: condition that a valid row meets}. Out: a text[] of the names whose condition is false (not of those
    whose condition is unknown: a missing value is a matter of `required`). -#}
{% macro broken_rules(rules) -%}
    array_remove(array[
        {%- for name, condition in rules.items() %}
        case when not ({{ condition }}) then '{{ name }}' end,
        {%- endfor %}
        null
    ]::text[], null)
{%- endmacro %}
