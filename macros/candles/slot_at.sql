{#- In: SQL that names an interval, and a time. Out: SQL that gives the time on the interval's grid at or before it, in
    UTC: weeks start on Monday, months on their first day. The origin is a Monday on which three days begin as well (the
    exchange's own start on 2017-08-17 and 2026-07-01, which are multiples of three days from it). -#}
{% macro slot_at(interval, at) -%}
    case
        when {{ interval }} = '1M' then date_trunc('month', {{ at }}, 'UTC')
        else date_bin({{ interval_length(interval) }}, {{ at }}, timestamptz '1970-01-05 00:00:00+00')
    end
{%- endmacro %}
