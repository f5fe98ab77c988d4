{#- The condition that no scalar occurs twice, as text, among those that JSON paths find in a jsonb column. -#}
{% macro no_repeats(column, paths) -%}
    (
        select count(distinct listed.id) = count(listed.id)
        from jsonb_array_elements_text(
            {%- for path in paths %}
            jsonb_path_query_array({{ column }}, '{{ path }}'){{ ' ||' if not loop.last }}
            {%- endfor %}
        ) as listed (id)
    )
{%- endmacro %}
