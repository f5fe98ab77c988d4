{#- Keys (symbol, market_date): days of base candles that came, and the day after each, whose return begins there. -#}
{% macro touched_market_days() -%}
    select symbol, open_date as market_date from ({{ touched_candle_days() }}) as days
    union
    select symbol, open_date + 1 from ({{ touched_candle_days() }}) as days
{%- endmacro %}
