{#- True where a text value is spelled as the type: stricter than Postgres, which reads 'now' as a timestamp, '0x1F' as
    an integer and 'NaN' as a numeric. Timestamps must name their zone. Never raises. -#}
{% macro is_typed(value, type) -%}
    {%- set spelling = {
        'timestamptz': '^\\d{4}-\\d\\d-\\d\\d[T ]\\d\\d:\\d\\d(:\\d\\d(\\.\\d+)?)?(Z|[+-]\\d\\d(:?\\d\\d)?)$',
        'date': '^\\d{4}-\\d\\d-\\d\\d$',
        'integer': '^[+-]?\\d+$',
        'bigint': '^[+-]?\\d+$',
        'numeric': '^[+-]?\\d+(\\.\\d+)?([eE][+-]?\\d+)?$',
        'boolean': '^(true|false)$',
        'text': none,
    }[type] -%}
    {%- if spelling is none -%} ({{ value }} is not null)
    {%- else -%} ({{ value }} ~ '{{ spelling }}' and pg_input_is_valid({{ value }}, '{{ type }}'))
    {%- endif -%}
{%- endmacro %}
