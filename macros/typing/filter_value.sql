{#- Reads a text from a symbol's list of filters: `key` of the first one whose type is among `types`. -#}
{% macro filter_value(types, key) -%}
    jsonb_path_query_first(record, '$.filters[*] ? (
        {%- for type in types %}@.filterType == "{{ type }}"{{ ' || ' if not loop.last }}{% endfor -%}
        ).{{ key }}') #>> '{}'
{%- endmacro %}
