{#- In: SQL that names an interval, and a time on its grid. Out: SQL that gives the next one. -#}
{% macro next_slot_at(interval, slot_at) -%}
    case
        when {{ interval }} = '1M' then ({{ slot_at }} at time zone 'UTC' + interval '1 month') at time zone 'UTC'
        else {{ slot_at }} + {{ interval_length(interval) }}
    end
{%- endmacro %}
