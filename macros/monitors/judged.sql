{#- Judges each measured day by the days before it, and by nothing else: so 60 days can be judged at once, and a replay
    gives the same verdicts. In: the measurements (see measured), and the days to judge again; meta.monitors of the model's YAML says what is allowed:

    - points: a share may differ from the mean of the last 7 days by so many percentage points. Where a value was below
      half of that, by three times its share, yet by rare_points at least: 2 % of a column that was never null is news.
    - percent: a level may differ from what is usual on such a weekday by so much: the mean of the last 7 days by the
      share that the weekday has of a week, from the last 4 of them.
    - percent and counts: the same for the number of things that happen one by one, and also over the last 3 days
      together, which finds half a volume where a day is too small to tell. Absent is 0.
    - most: no more than this.

    No verdict rests on chance: bounds are never narrower than `sigmas` standard deviations of a share or count of so many
    rows, or of the scatter that the history has by itself. What is allowed counts from the widest of several references
    (mean, median, same weekdays), so that one bad day neither hides the next nor makes a good one look bad. -#}
{% macro judged(measurements, touched) %}
    {%- set monitors = config.get('meta')['monitors'] if execute else {} -%}
    with allowed (monitor, kind, tolerance, rare, sigmas, is_early, least_rows) as (
        values
        {%- for name, limit in monitors.items() %}
        {%- set kind = 'share' if limit.points is defined else 'most' if limit.most is defined
            else 'count' if limit.counts else 'level' %}
        ('{{ name }}', '{{ kind }}', {{ limit.points | default(limit.percent) | default(limit.most) }}::double precision
            {{- ' / 100' if kind != 'most' }}, {{ limit.rare_points | default(limit.points) | default(0) }} / 100.0::double precision,
            {{ limit.sigmas | default(4) }}::double precision, {{ limit.early | default(false) }}, {{ limit.least_rows | default(0) }}),
        {%- endfor %}
        (null, null, null, null, null, null, null)
    ),

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

    -- What each judged day sees: itself and the 28 days before it.
    seen as materialized (
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
        -- Of a day that still goes on, only what may be judged before its end.
        where
            days.measured_on < (select newest.measured_on from newest)
            or past.monitor in (select allowed.monitor from allowed where allowed.is_early)
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
    ),

    -- How much more the counts scatter than chance would have it: of all slices, one alone tells too little.
    dispersion as (
        select
            judged_on,
            monitor,
            greatest(1, percentile_cont(0.5) within group (order by scatter * scatter / greatest(mean_weeks, 1))) as factor
        from facts
        where monitor = 'volume' and slice <> ''
        group by judged_on, monitor
    ),

    -- One row a verdict; low and high are the ends of what was usual.
    usual as (
        select
            facts.judged_on,
            facts.monitor,
            facts.column_name,
            facts.slice,
            facts.days_known,
            facts.days_7,
            facts.weeks,
            facts.value,
            facts.row_count,
            facts.rows_7,
            facts.load_order,
            facts.scatter,
            allowed.kind,
            allowed.tolerance,
            allowed.rare,
            allowed.sigmas,
            allowed.is_early,
            allowed.least_rows,
            case
                when allowed.kind in ('share', 'most') then facts.mean_7
                else facts.mean_7 * coalesce(facts.weekday_median / nullif(facts.mean_weeks, 0), 1)
            end as expected,
            case
                when allowed.kind = 'share' then least(facts.mean_7, facts.median_7, facts.weekday_median)
                when allowed.kind = 'count' then least(
                    facts.weekday_median,
                    facts.mean_7 * coalesce(facts.weekday_median / nullif(facts.mean_weeks, 0), 1)
                )
            end as low,
            case
                when allowed.kind = 'share' then greatest(facts.mean_7, facts.median_7, facts.weekday_median)
                when allowed.kind = 'count' then greatest(
                    facts.weekday_median,
                    facts.mean_7 * coalesce(facts.weekday_median / nullif(facts.mean_weeks, 0), 1)
                )
            end as high
        from facts
        inner join allowed on facts.monitor = allowed.monitor
        union all
        select
            facts.judged_on,
            'volume_3d',
            facts.column_name,
            facts.slice,
            facts.days_known,
            facts.days_7,
            usual_3.weeks,
            facts.value_3,
            facts.row_count,
            facts.rows_7,
            facts.load_order,
            facts.scatter,
            allowed.kind,
            allowed.tolerance,
            allowed.rare,
            allowed.sigmas,
            allowed.is_early,
            allowed.least_rows,
            usual_3.median,
            least(usual_3.median, facts.mean_before_3 * usual_3.median / nullif(facts.mean_weeks, 0)),
            greatest(usual_3.median, facts.mean_before_3 * usual_3.median / nullif(facts.mean_weeks, 0))
        from facts
        inner join allowed on allowed.monitor = 'volume_3d'
        cross join lateral (
            select
                count(total) as weeks,
                percentile_cont(0.5) within group (order by total) as median
            from unnest(facts.values_3) as totals (total)
        ) as usual_3
        where facts.monitor = 'volume' and facts.slice <> '' and facts.judged_on < (select measured_on from newest)
    ),

    widened as (
        select
            usual.*,
            case usual.kind
                when 'share' then greatest(
                    least(usual.tolerance, greatest(usual.rare, 2 * usual.expected)),
                    usual.sigmas * greatest(
                        sqrt(
                            (usual.expected * usual.rows_7 + 1) / (usual.rows_7 + 2)
                            * (1 - (usual.expected * usual.rows_7 + 1) / (usual.rows_7 + 2))
                            * (1.0 / greatest(usual.row_count, 1) + 1.0 / greatest(usual.rows_7, 1))
                        ),
                        usual.scatter
                    )
                )
                when 'level' then greatest(usual.tolerance * usual.expected, 1.2 * usual.sigmas * usual.scatter)
                when 'count' then greatest(
                    usual.tolerance * usual.low,
                    usual.sigmas * sqrt(coalesce(dispersion.factor, 1) * (usual.low + 1) * (1 + 1.57 / greatest(usual.weeks, 1)))
                )
            end as below,
            case usual.kind
                when 'count' then greatest(
                    usual.tolerance * usual.high,
                    usual.sigmas
                    * sqrt(coalesce(dispersion.factor, 1) * (usual.high + 1) * (1 + 1.57 / greatest(usual.weeks, 1)))
                )
            end as above
        from usual
        left join dispersion on usual.judged_on = dispersion.judged_on
    ),

    bounded as (
        select
            widened.*,
            case
                when kind = 'most' then 0
                else greatest(0, coalesce(low, expected) - below)
            end as lower_bound,
            case
                when kind = 'most' then tolerance
                else coalesce(high, expected) + coalesce(above, below)
            end as upper_bound,
            judged_on < (select measured_on from newest) as is_over,
            monitor = 'category_share' and days_known = 0 as is_new
        from widened
        where value is not null
    ),

    -- A value is new where the column has been known for two weeks.
    known_columns as (
        select judged_on, column_name
        from facts
        where monitor = 'category_share' and days_known >= 14
        group by judged_on, column_name
    ),

    told as (
        select
            bounded.*,
            case
                when is_new and known_columns.judged_on is not null then null
                when not is_over and (not is_early or monitor = 'category_share') then 'the day is not over'
                when days_known < 7 or days_7 < 5 or (kind <> 'share' and (days_known < 14 or weeks < 2))
                    then format('it has only %s days of history', days_known)
            end as why_not,
            case
                when is_new then value * row_count >= greatest(least_rows, 1)
                -- A value that vanished: there would have been 20 rows.
                when monitor = 'category_share' and value = 0 and low * row_count >= 20 then true
                else value not between lower_bound and upper_bound
            end as is_beyond
        from bounded
        left join known_columns
            on bounded.judged_on = known_columns.judged_on and bounded.column_name = known_columns.column_name
    )

    select
        monitor,
        column_name,
        slice,
        judged_on as measured_on,
        round(value::numeric, 6) as value,
        row_count::bigint as row_count,
        case when why_not is null then round(expected::numeric, 6) end as expected,
        case when why_not is null then round(lower_bound::numeric, 6) end as lower_bound,
        case when why_not is null then round(upper_bound::numeric, 6) end as upper_bound,
        case
            when why_not is not null then 'learning'
            when not coalesce(is_beyond, false) then 'ok'
            when
                is_new
                or kind = 'most'
                or greatest(lower_bound - value, value - upper_bound) <= coalesce(case when value > expected then above end, below, 0)
                then 'warn'
            else 'error'
        end as verdict,
        concat_ws(
            ' ',
            monitor,
            case when column_name <> '' then 'of ' || column_name end,
            case when slice <> '' then 'at ' || slice end,
            case
                when why_not is not null then 'is not judged: ' || why_not
                when is_new then format('is a value never seen before, in %s rows', round((value * row_count)::numeric))
                when kind = 'share' then format(
                    'is %s %%, usual is %s to %s %%',
                    round(100 * value::numeric, 1), round(100 * lower_bound::numeric, 1), round(100 * upper_bound::numeric, 1)
                )
                else format(
                    'is %s, usual is %s to %s',
                    round(value::numeric, 2), round(lower_bound::numeric, 2), round(upper_bound::numeric, 2)
                )
            end
        ) as reason,
        load_order
    from told
{% endmacro %}
