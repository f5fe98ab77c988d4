{{ config(tags=['quality']) }}
{%- set judged_at = var('judged_at') -%}
with loads as (
    select * from {{ ref('stg_ops__loads') }}
),

changes as (
    select * from {{ ref('stg_ops__schema_changes') }}
),

-- Loads within five minutes are one arrival: a long read commits many, and says no more than a short one.
arrivals as (
    select
        source,
        stream,
        date_bin('5 minutes', committed_at, timestamptz '2000-01-01 00:00:00Z') as arrived_at,
        max(load_order) as load_order
    from loads
    where records > 0 and committed_at > {{ judged_at }} - interval '92 days'
    group by source, stream, arrived_at
),

streams as (
    select
        source,
        stream,
        date_trunc('hour', min(arrived_at), 'UTC') as first_at
    from arrivals
    group by source, stream
),

hours as (
    select
        streams.source,
        streams.stream,
        hour.starts_at,
        count(arrivals.arrived_at) as arrival_count
    from streams
    cross join lateral generate_series(streams.first_at, {{ judged_at }}, interval '1 hour') as hour (starts_at)
    left join arrivals
        on
            streams.source = arrivals.source
            and streams.stream = arrivals.stream
            and hour.starts_at = date_trunc('hour', arrivals.arrived_at, 'UTC')
    group by streams.source, streams.stream, hour.starts_at
),

smoothed as (
    select
        *,
        avg(arrival_count) over (
            partition by source, stream order by starts_at rows between 1 preceding and 1 following
        ) as near
    from hours
),

-- How many arrivals are usual in the hour: the mean of that hour of the week, in the last 4 weeks.
weekly as (
    select
        *,
        lag(near, 168) over stream as near_1,
        lag(near, 336) over stream as near_2,
        lag(near, 504) over stream as near_3,
        lag(near, 672) over stream as near_4
    from smoothed
    window stream as (partition by source, stream order by starts_at)
),

-- The stream's own clock ticks once an arrival that is usual: slowly at night, if nights are quiet.
clock as (
    select
        weekly.source,
        weekly.stream,
        weekly.starts_at,
        coalesce(usual.rate, 0) as rate,
        sum(coalesce(usual.rate, 0)) over (partition by weekly.source, weekly.stream order by weekly.starts_at)
        - coalesce(usual.rate, 0) as ticks
    from weekly
    cross join lateral (
        select avg(near) as rate
        from unnest(array[weekly.near_1, weekly.near_2, weekly.near_3, weekly.near_4]) as weeks (near)
    ) as usual
),

moments as (
    select
        source,
        stream,
        arrived_at,
        load_order
    from arrivals
    union all
    select
        source,
        stream,
        {{ judged_at }} as arrived_at,
        max(load_order) as load_order
    from arrivals
    group by source, stream
),

gaps as (
    select
        moments.source,
        moments.stream,
        {{ utc_date('moments.arrived_at') }} as measured_on,
        moments.load_order,
        extract(epoch from moments.arrived_at - lag(moments.arrived_at) over stream) / 3600 as hours,
        placed.tick - lag(placed.tick) over stream as missed
    from moments
    inner join clock
        on
            moments.source = clock.source
            and moments.stream = clock.stream
            and date_trunc('hour', moments.arrived_at, 'UTC') = clock.starts_at
    cross join
        lateral (
            select clock.ticks + clock.rate * extract(epoch from moments.arrived_at - clock.starts_at) / 3600 as tick
        ) as placed
    window stream as (partition by moments.source, moments.stream order by moments.arrived_at)
),

worst as (
    select distinct on (source, stream, measured_on)
        source,
        stream,
        measured_on,
        missed,
        hours,
        load_order,
        min(measured_on) over (partition by source, stream) as first_on
    from gaps
    order by source asc, stream asc, measured_on asc, missed desc nulls last
),

freshness as (
    select
        worst.source,
        worst.stream,
        worst.measured_on,
        worst.missed,
        worst.hours,
        worst.load_order,
        worst.first_on,
        count(past.missed) as gaps,
        -- Twice what only one gap in a hundred is: chance alone does not get there in a year of hourly loads.
        2 * greatest(percentile_cont(0.99) within group (order by past.missed), 1) as upper_bound
    from worst
    left join gaps as past
        on
            worst.source = past.source
            and worst.stream = past.stream
            and past.measured_on between worst.measured_on - 28 and worst.measured_on - 1
    where worst.missed is not null
    group by
        worst.source, worst.stream, worst.measured_on, worst.missed, worst.hours, worst.load_order, worst.first_on
),

verdicts as (
    select
        *,
        case
            when measured_on < first_on + 14 or gaps < 20 then 'learning'
            when missed <= upper_bound or hours <= 1 then 'ok'
            when missed <= 2 * upper_bound then 'warn'
            else 'error'
        end as verdict
    from freshness
),

final as (
    select
        'freshness' as monitor,
        source,
        stream,
        '' as column_name,
        '' as slice,
        measured_on,
        round(missed::numeric, 6) as value,
        gaps as row_count,
        case when verdict <> 'learning' then 1.0 end as expected,
        case when verdict <> 'learning' then 0.0 end as lower_bound,
        case when verdict <> 'learning' then round(upper_bound::numeric, 6) end as upper_bound,
        verdict,
        case
            when verdict = 'learning'
                then format('freshness of %s is not judged: it has only %s loads of history', stream, gaps)
            else format(
                'no load of %s for %s hours, in which %s are usual; up to %s may be missed',
                stream, round(hours, 1), round(missed::numeric, 1), round(upper_bound::numeric, 1)
            )
        end as reason,
        load_order
    from verdicts
    union all
    select
        'schema_changes' as monitor,
        source,
        stream,
        path as column_name,
        change as slice,
        {{ utc_date('noticed_at') }} as measured_on,
        count(*)::numeric as value,
        count(*) as row_count,
        0.0 as expected,
        0.0 as lower_bound,
        0.0 as upper_bound,
        case when change = 'retyped' then 'error' else 'warn' end as verdict,
        format(
            '%s of %s is %s%s', path, stream, change,
            case
                when change = 'retyped'
                    then format(
                        ': %s, was %s',
                        (array_agg(array_to_string(new_types, ' or ') order by noticed_at desc))[1],
                        (array_agg(array_to_string(old_types, ' or ') order by noticed_at desc))[1]
                    )
            end
        ) as reason,
        0::bigint as load_order
    from changes
    group by source, stream, path, change, {{ utc_date('noticed_at') }}
)

select * from final
