{#- Keys (symbol, interval, open_at): candles that came, in whichever version. -#}
{% macro touched_candles() -%}
    select distinct symbol, interval, open_at
    from {{ ref('base_binance__klines') }}
    where {{ changed('base_binance__klines') }}
{%- endmacro %}
