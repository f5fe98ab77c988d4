{#- In: the alias of a row of candles. Out: SQL, what a version of a candle says: two that are equal in it are copies. -#}
{% macro candle_values(alias) -%}
    ({% for column in [
        'close_at', 'open_price', 'high_price', 'low_price', 'close_price', 'volume', 'quote_volume', 'trade_count',
        'taker_volume', 'taker_quote_volume', 'is_closed',
    ] %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
