{#- Whether the model that is being built is narrowed to touched keys; false where all are. Raises where the keys are not
    those that its config names in `touched_by`: it would delete by one list and compute by another. -#}
{% macro is_narrowed_to(keys) %}
    {%- if not execute or model.resource_type != 'model' -%}
        {{ return(false) }}
    {%- endif -%}
    {%- if keys != context[config.require('touched_by')]() -%}
        {{ exceptions.raise_compiler_error(
            model.name ~ " narrows itself by other keys than its config touched_by: " ~ config.get('touched_by')) }}
    {%- endif -%}
    {{ return(is_incremental() and not everything_touched()) }}
{% endmacro %}
