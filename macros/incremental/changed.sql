{#- In: the name of a base model, and an alias for it. Out: the condition that picks its rows whose loads reach this
    model now. -#}
{% macro changed(base_model, alias=none) -%}
    {%- set column = (alias ~ '.' if alias else '') ~ 'load_order' -%}
    {%- if not execute or model.resource_type != 'model' -%}
        true
    {%- else -%}
        {%- set range = taken_ranges().get(base_stream(base_model)) -%}
        {%- if range is none or range.from >= range.to -%}
            false
        {%- else -%}
            {{ column }} > {{ range.from }} and {{ column }} <= {{ range.to }}
        {%- endif -%}
    {%- endif -%}
{%- endmacro %}
