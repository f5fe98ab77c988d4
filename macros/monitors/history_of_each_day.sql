{#- The common table expressions that tell of each day to be judged what came on it and in the 28 days before.

    In: see judged, and its `allowed`. Out: newest (the last day measured) and facts, one row a judged day, monitor,
    column and slice. -#}
{% macro history_of_each_day(measurements, touched) -%}
days as materialized (
        select measured_on
        from (
            select generate_series(min(measured_on), max(measured_on), interval '1 day')::date as measured_on
            from {{ measurements }}
        ) as days
        {{ where_touched(touched) }}
    ),

    newest as (
        select max(measured_on) as measured_on from {{ measurements }}
    ),

    -- What each judged day sees: itself and the 28 days before it; of a day that still goes on, only what may be judged
    -- before its end, which the index finds.
    seen as materialized (
        {%- for is_over in (true, false) %}
        select
            days.measured_on as judged_on,
            past.monitor,
            past.column_name,
            past.slice,
            past.measured_on,
            past.value::double precision as value,
            past.row_count,
            past.load_order
        from days
        inner join {{ measurements }} as past
            on past.measured_on between days.measured_on - 28 and days.measured_on
        {%- if is_over %}
        where days.measured_on < (select newest.measured_on from newest)
        union all
        {%- else %}
                and past.monitor = any(array(select allowed.monitor from allowed where allowed.is_early))
        where days.measured_on = (select newest.measured_on from newest)
        {%- endif %}
        {%- endfor %}
    ),

    series as (
        select
            judged_on,
            monitor,
            column_name,
            slice,
            min(measured_on) as first_on
        from seen
        group by judged_on, monitor, column_name, slice
    ),

    -- Days of which anything has come, and the judged day, come what may.
    places as (
        select
            judged_on,
            measured_on,
            max(row_count) as row_count
        from seen
        group by judged_on, measured_on
        union
        select days.measured_on, days.measured_on, 0
        from days
        where not exists (
            select 1 from seen where seen.judged_on = days.measured_on and seen.measured_on = days.measured_on
        )
    ),

    -- A branch, a symbol or a value that is absent from a day was there 0 times; a rate of nothing is unknown.
    filled as (
        select
            series.judged_on,
            series.monitor,
            series.column_name,
            series.slice,
            series.first_on,
            places.measured_on,
            coalesce(seen.value, case when series.monitor in ('volume', 'category_share') then 0 end) as value,
            case
                when series.monitor = 'category_share' then coalesce(seen.row_count, places.row_count)
                else coalesce(seen.row_count, 0)
            end as row_count,
            seen.load_order
        from series
        inner join places on series.judged_on = places.judged_on and series.first_on <= places.measured_on
        left join seen
            on series.judged_on = seen.judged_on
                and series.monitor = seen.monitor
                and series.column_name = seen.column_name
                and series.slice = seen.slice
                and places.measured_on = seen.measured_on
    ),

    aged as (
        select
            *,
            judged_on - measured_on as age,
            first_value(value) over (
                partition by judged_on, monitor, column_name, slice
                order by measured_on
                range between '7 days' preceding and '7 days' preceding
            ) as value_a_week_before
        from filled
    ),

    facts as (
        select
            judged_on,
            monitor,
            column_name,
            slice,
            judged_on - first_on as days_known,
            max(value) filter (where age = 0) as value,
            max(row_count) filter (where age = 0) as row_count,
            max(load_order) as load_order,
            count(value) filter (where age between 1 and 7) as days_7,
            avg(value) filter (where age between 1 and 7) as mean_7,
            percentile_cont(0.5) within group (order by value) filter (where age between 1 and 7) as median_7,
            sum(row_count) filter (where age between 1 and 7) as rows_7,
            count(value) filter (where age > 0 and age % 7 = 0) as weeks,
            percentile_cont(0.5) within group (order by value) filter (where age > 0 and age % 7 = 0) as weekday_median,
            -- How the weekday compares with whole weeks.
            coalesce(
                percentile_cont(0.5) within group (order by value) filter (where age > 0 and age % 7 = 0)
                / nullif(avg(value) filter (where age between 1 and 7 * ((judged_on - first_on) / 7)), 0),
                1
            ) as weekday_factor,
            avg(value) filter (where age between 1 and 7 * ((judged_on - first_on) / 7)) as mean_weeks,
            percentile_cont(0.5) within group (order by abs(value - value_a_week_before)) filter (where age > 0)
            / (0.6745 * sqrt(2)) as scatter,
            case when count(*) filter (where age < 3) = 3 then sum(value) filter (where age < 3) end as value_3,
            avg(value) filter (where age between 3 and 9) as mean_before_3,
            array[
                {%- for weeks in range(1, 5) %}
                case
                    when count(*) filter (where age between {{ 7 * weeks }} and {{ 7 * weeks + 2 }}) = 3
                        then sum(value) filter (where age between {{ 7 * weeks }} and {{ 7 * weeks + 2 }})
                end{{ ',' if not loop.last }}
                {%- endfor %}
            ] as values_3
        from aged
        group by judged_on, monitor, column_name, slice, first_on
    )
{%- endmacro %}
