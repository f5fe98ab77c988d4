{#- Keys (slice, measured_on): the symbols and days, in UTC, of base candles that came, as measurements name them. -#}
{% macro touched_symbol_days() -%}
    select symbol as slice, open_date as measured_on from ({{ touched_candle_days() }}) as days
{%- endmacro %}
