{#- Narrows an incremental model to the keys that new loads touched. In: what the macro that finds them (macros/touched/)
    gives, the same that the model's config names in `touched_by` for the strategy `recompute`; `recompute_by` names the
    columns that its keys have. Where all keys are touched, as in a full build, it gives nothing. -#}
{% macro where_touched(keys) %}
    {%- if execute and model.resource_type == 'model' -%}
        {%- if keys != context[config.require('touched_by')]() -%}
            {{ exceptions.raise_compiler_error(
                model.name ~ " narrows itself by other keys than its config touched_by: " ~ config.get('touched_by')) }}
        {%- endif -%}
        {%- if is_incremental() and not everything_touched() -%}
            where ({{ config.require('recompute_by') | join(', ') }}) in ({{ keys }})
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
