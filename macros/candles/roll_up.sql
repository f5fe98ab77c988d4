{#- In: the name of a CTE of candles, and a longer interval. Out: the query that makes one candle of those within: the first
    one opens it, the last one closes it. -#}
{% macro roll_up(candles, interval) -%}
    select
        symbol,
        '{{ interval }}' as interval,
        {{ slot_at("'" ~ interval ~ "'", 'slot_at') }} as slot_at,
        open_date,
        min(open_at) as open_at,
        (array_agg(open_price order by open_at))[1] as open_price,
        max(high_price) as high_price,
        min(low_price) as low_price,
        (array_agg(close_price order by open_at desc))[1] as close_price,
        sum(volume) as volume,
        sum(quote_volume) as quote_volume,
        sum(trade_count)::bigint as trade_count,
        sum(taker_volume) as taker_volume,
        sum(taker_quote_volume) as taker_quote_volume,
        sum(candles_present)::integer as candles_present,
        {{ base_candles_in(interval) }} as candles_expected,
        max(load_order) as load_order
    from {{ candles }} as candles
    group by symbol, {{ slot_at("'" ~ interval ~ "'", 'slot_at') }}, open_date
{%- endmacro %}
