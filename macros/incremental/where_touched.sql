{#- Narrows an incremental model to the keys that new loads touched. In: what the macro that finds them (macros/touched/)
    gives, the same that the model's config names in `touched_by` for the strategy `recompute`; `recompute_by` names the
    columns that its keys have. Where all keys are touched, as in a full build, it gives nothing.

    `narrow_by` is for models that read views, {column: a query of its values}: a comparison with an array reaches through
    a view down to an index; a join with the keys would first compute the view for everything. -#}
{% macro where_touched(keys, narrow_by={}) %}
    {%- if is_narrowed_to(keys) -%}
        {%- set columns = config.require('recompute_by') -%}
        {%- set conditions = [] -%}
        {%- for column, values in narrow_by.items() -%}
            {%- do conditions.append(column ~ " = any(array(" ~ values ~ "))") -%}
        {%- endfor -%}
        {%- if columns != narrow_by.keys() | list -%}
            {%- do conditions.append("(" ~ columns | join(', ') ~ ") in (" ~ keys ~ ")") -%}
        {%- endif -%}
        where {{ conditions | join('\n        and ') }}
    {%- endif -%}
{%- endmacro %}
