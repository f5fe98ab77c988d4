{#- Narrows an incremental model to the keys that new loads touched. In: what the macro that finds them (macros/touched/)
    gives, the same that the model's config names in `touched_by` for the strategy `recompute`; `recompute_by` names the
    columns that its keys have. Where all keys are touched, as in a full build, it gives nothing.

    A model that reads views names in `narrow_by` the columns of the keys, where these are a query: a comparison with an
    array reaches through views down to an index; a join with the keys would first compute the view for everything. -#}
{% macro where_touched(keys, narrow_by=none) %}
    {%- if execute and model.resource_type == 'model' -%}
        {%- if keys != context[config.require('touched_by')]() -%}
            {{ exceptions.raise_compiler_error(
                model.name ~ " narrows itself by other keys than its config touched_by: " ~ config.get('touched_by')) }}
        {%- endif -%}
        {%- if is_incremental() and not everything_touched() -%}
            {%- set columns = config.require('recompute_by') -%}
            {%- set conditions = [] -%}
            {%- for column in narrow_by or [] -%}
                {%- do conditions.append(column ~ " = any(array(select keys." ~ column ~ " from (" ~ keys ~ ") as keys))") -%}
            {%- endfor -%}
            {%- if columns | length > 1 or not narrow_by -%}
                {%- do conditions.append("(" ~ columns | join(', ') ~ ") in (" ~ keys ~ ")") -%}
            {%- endif -%}
            where {{ conditions | join('\n        and ') }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
