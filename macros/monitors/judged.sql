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

    {{ history_of_each_day(measurements, touched) }},

    {{ bounds_of_usual() }},

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
