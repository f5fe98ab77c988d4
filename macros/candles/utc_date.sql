{#- In: SQL that gives a time. Out: SQL that gives its day in UTC, whatever the session's time zone. -#}
{% macro utc_date(at) -%} ({{ at }} at time zone 'UTC')::date {%- endmacro %}
