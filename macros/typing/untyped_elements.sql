{#- In: SQL that gives a jsonb list of objects, the name to report, and {key: type}. Out: a text[] that names each key
    that some element lacks or has in another type, or that it is no list of objects. Amounts may have both spellings
    (see money). -#}
{% macro untyped_elements(list, name, types) -%}
    case
        when jsonb_typeof({{ list }}) <> 'array' then array['{{ name }} is no list']
        when {{ list }} @? '$[*] ? (@.type() != "object")' then array['{{ name }} has an element that is no object']
        else coalesce((
            select array_agg(distinct reason order by reason)
            from jsonb_array_elements({{ list }}) as elements(element)
            cross join lateral unnest(array[
                {%- for key, type in types.items() %}
                case when {{ is_typed(money('element', key), type) }} is not true then '{{ name }}.{{ key }} is no {{ type }}' end{{ ',' if not loop.last }}
                {%- endfor %}
            ]) as reasons(reason)
            where reason is not null
        ), '{}')
    end
{%- endmacro %}
