{#- Keys (symbol, open_date): days, in UTC, of base candles that came. -#}
{% macro touched_candle_days() -%}
    select distinct symbol, {{ utc_date('open_at') }} as open_date
    from {{ ref('base_binance__klines') }}
    where interval = '{{ base_interval() }}' and {{ changed('base_binance__klines') }}
{%- endmacro %}
