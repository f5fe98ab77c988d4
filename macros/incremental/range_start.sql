{#- In: the name of a base model. Out: the place in the commit order up to which this model has taken its stream. -#}
{% macro range_start(base_model) -%}
    {%- if not execute or model.resource_type != 'model' -%}
        0
    {%- else -%}
        {{ taken_ranges().get(base_stream(base_model), {'from': 0}).from }}
    {%- endif -%}
{%- endmacro %}
