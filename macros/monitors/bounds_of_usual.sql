{#- The common table expressions that say how far from usual a value may be: see judged for the rules.

    In: allowed, newest and facts. Out: bounded, one row a verdict to be given, with lower_bound and upper_bound. -#}
{% macro bounds_of_usual() -%}
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
                else facts.mean_7 * facts.weekday_factor
            end as expected,
            case
                when allowed.kind = 'share' then least(facts.mean_7, facts.median_7, facts.weekday_median)
                when allowed.kind = 'count' then least(facts.weekday_median, facts.mean_7 * facts.weekday_factor)
                when allowed.kind = 'level' then least(facts.mean_7, facts.median_7) * facts.weekday_factor
            end as low,
            case
                when allowed.kind = 'share' then greatest(facts.mean_7, facts.median_7, facts.weekday_median)
                when allowed.kind = 'count' then greatest(facts.weekday_median, facts.mean_7 * facts.weekday_factor)
                when allowed.kind = 'level' then greatest(facts.mean_7, facts.median_7) * facts.weekday_factor
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
                when 'level' then greatest(usual.tolerance * usual.low, 1.2 * usual.sigmas * usual.scatter)
                when 'count' then greatest(
                    usual.tolerance * usual.low,
                    usual.sigmas * sqrt(coalesce(dispersion.factor, 1) * (usual.low + 1) * (1 + 1.57 / greatest(usual.weeks, 1)))
                )
            end as below,
            case usual.kind
                when 'level' then greatest(usual.tolerance * usual.high, 1.2 * usual.sigmas * usual.scatter)
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
    )
{%- endmacro %}
