{#- Rollups of which no candle is missing and that are not, to the last decimal, what the exchange's own candle of that
    length says, where it has one. Over what is new on either side; with `whole`, over all. -#}
{% macro rollups_unlike_the_exchanges(whole=false) %}
    {%- set rollups = ref('fct_ohlcv_rollups') -%}
    {%- set candles = ref('fct_ohlcv') -%}
    with compared as (
        select symbol, interval, open_at
        from {{ rollups }}
        {% if not whole %}where {{ new_rows(rollups) }}{% endif %}
        union
        select symbol, interval, open_at
        from {{ candles }}
        where interval in ('1h', '4h', '1d')
            {% if not whole %}and {{ new_rows(candles) }}{% endif %}
    )

    select compared.*
    from compared
    inner join {{ rollups }} as rollups
        on compared.symbol = rollups.symbol
            and compared.interval = rollups.interval
            and compared.open_at = rollups.open_at
    inner join {{ candles }} as candles
        on compared.symbol = candles.symbol
            and compared.interval = candles.interval
            and compared.open_at = candles.open_at
    where rollups.candles_present = rollups.candles_expected
        and (
            rollups.open_price, rollups.high_price, rollups.low_price, rollups.close_price, rollups.volume,
            rollups.quote_volume, rollups.trade_count, rollups.taker_volume, rollups.taker_quote_volume
        )
        is distinct from
        (
            candles.open_price, candles.high_price, candles.low_price, candles.close_price, candles.volume,
            candles.quote_volume, candles.trade_count, candles.taker_volume, candles.taker_quote_volume
        )
{% endmacro %}
