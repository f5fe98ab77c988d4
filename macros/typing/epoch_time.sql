{#- In: SQL that gives a bigint, milliseconds or microseconds since 1970. Out: SQL that gives the time, exact; null where
    there is none. What is 1e15 or more is in microseconds: as milliseconds it would lie beyond the year 33000. -#}
{% macro epoch_time(value) -%}
    case
        when {{ value }} between 0 and 999999999999999
            then timestamptz '1970-01-01 00:00:00+00' + {{ value }} * interval '1 millisecond'
        when {{ value }} between 1000000000000000 and 253402300799999999
            then timestamptz '1970-01-01 00:00:00+00' + {{ value }} * interval '1 microsecond'
    end
{%- endmacro %}
