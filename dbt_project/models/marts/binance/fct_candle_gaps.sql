{{ config(materialized='table') }}

with gaps as (
    select * from {{ ref('int_klines_gaps') }}
),

outages as (
    select * from {{ ref('known_outages') }}
),

final as (
    select
        gaps.symbol,
        gaps.interval,
        gaps.from_at,
        gaps.until_at,
        gaps.missing_candles,
        round(extract(epoch from gaps.until_at - gaps.from_at) / 3600, 6) as missing_hours,
        outage.started_at is not null as is_known_outage,
        outage.description as outage_description,
        outage.source as outage_source,
        gaps.load_order
    from gaps
    left join lateral (
        select outages.*
        from outages
        where outages.started_at < gaps.until_at and outages.ended_at > gaps.from_at
        order by outages.started_at
        limit 1
    ) as outage on true
)

select * from final
