{#- is_typed for a key of the json object `element`; the type `money` is a numeric in either of its spellings. -#}
{% macro is_typed_key(key, type) -%}
    {%- if type == 'money' -%} {{ is_typed(money('element', key), 'numeric') }}
    {%- else -%} {{ is_typed("element ->> '" ~ key ~ "'", type) }}
    {%- endif -%}
{%- endmacro %}
