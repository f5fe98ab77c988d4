{#- Reads an amount as text from a json object, in both of its spellings: "25.97" and {"amount": "25.97", ...}. -#}
{% macro money(json, key) -%}
    coalesce({{ json }} -> '{{ key }}' ->> 'amount', {{ json }} ->> '{{ key }}')
{%- endmacro %}
