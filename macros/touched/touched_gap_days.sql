{#- Keys (symbol, interval, until_date): the days, in UTC, of candles that came, and of the present candle that follows
    each: a gap belongs to the day of the candle that ends it. -#}
{% macro touched_gap_days() -%}
    with came as (
        select symbol, interval, {{ utc_date(slot_at('interval', 'open_at')) }} as open_date, max(open_at) as last_open_at
        from {{ ref('base_binance__klines') }}
        where violations = '{}' and {{ changed('base_binance__klines') }}
        group by symbol, interval, open_date
    )

    select symbol, interval, open_date as until_date from came
    union
    select came.symbol, came.interval, following.open_date
    from came
    cross join lateral (
        select candles.open_date
        from {{ ref('fct_ohlcv') }} as candles
        where candles.symbol = came.symbol
            and candles.interval = came.interval
            and candles.open_at > came.last_open_at
        order by candles.open_at
        limit 1
    ) as following
{%- endmacro %}
