{#- In: SQL that gives a jsonb list of objects, the name to report, {key: type} of what every element has, {key: type}
    of what it may have, and {key: the same three as a dict} of lists within it, which may be absent or null.
    Out: a text[] that names each key that some element lacks or has in another type, or that it is no list of
    objects. The type `money` is a numeric that may have both spellings (see macros/typing/money.sql). -#}
{% macro untyped_elements(list, name, required, optional={}, lists={}) -%}
    case
        when {{ list }} = '[]' then '{}'
        when jsonb_typeof({{ list }}) <> 'array' then array['{{ name }} is no list']
        when {{ list }} @? '$[*] ? (@.type() != "object")' then array['{{ name }} has an element that is no object']
        else coalesce((
            select array_agg(distinct reason order by reason)
            from jsonb_array_elements({{ list }}) as elements(element)
            cross join lateral unnest(array[
                {%- for key, type in required.items() %}
                case when {{ is_typed_key(key, type) }} is not true then '{{ name }}.{{ key }} is no {{ 'numeric' if type == 'money' else type }}' end,
                {%- endfor %}
                {%- for key, type in optional.items() %}
                case when not {{ is_typed_key(key, type) }} then '{{ name }}.{{ key }} is no {{ 'numeric' if type == 'money' else type }}' end,
                {%- endfor %}
                null
            ]::text[]
            {%- for key, inner in lists.items() %}
                || {{ untyped_elements(
                    json_list('element', key), name ~ '.' ~ key,
                    inner.get('required', {}), inner.get('optional', {}), inner.get('lists', {})) }}
            {%- endfor %}) as reasons(reason)
            where reason is not null
        ), '{}')
    end
{%- endmacro %}
