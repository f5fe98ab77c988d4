{#- Out: a text[] naming what could not be typed and what is missing, for the same fields as typed_columns. With `typed`
    these stand beside the record already, and are looked at instead of being typed once more. -#}
{% macro untyped_fields(fields, typed=false) -%}
    array_remove(array[
        {%- for field in fields %}
        {%- if field.get('required') %}
        case when {{ field_value(field) }} is null {%- if field.required is string %} and {{ field.required }}{% endif %} then '{{ field.name }} is missing' end,
        {%- endif %}
        {%- if field.type != 'text' %}
        case when {% if typed -%}
            {{ field.name }} is null and {{ field_value(field) }} is not null
            {%- else -%} not {{ is_typed(field_value(field), field.type) }}
            {%- endif %} then '{{ field.name }} is no {{ field.type }}' end,
        {%- endif %}
        {%- endfor %}
        null
    ]::text[], null)
{%- endmacro %}
