{#- In: the name of an interval. Out: how many candles of the base interval are in one of it. -#}
{% macro base_candles_in(interval) -%}
    {{ (interval_seconds()[interval] / interval_seconds()[base_interval()]) | int }}
{%- endmacro %}
