{#- In: a query of the days (measured_on) that were measured again, and the measurements. Out: a query of the days to judge
    again: those, and all later ones that look back at them (see judged); where they begin with a day that was never judged,
    also the measured day before it, which it has ended, with the days between that are missing. -#}
{% macro days_judged_anew(days, measurements) -%}
    select generate_series(
        coalesce(
            (
                select max(before.measured_on)
                from {{ measurements }} as before
                where before.measured_on < touched.first_on
                {%- if is_incremental() %}
                    and not exists (select 1 from {{ this }} as judged where judged.measured_on = touched.first_on)
                {%- endif %}
            ),
            touched.first_on
        ),
        least(touched.last_on + 28, (select max(newest.measured_on) from {{ measurements }} as newest)),
        interval '1 day'
    )::date as measured_on
    from (select min(measured_on) as first_on, max(measured_on) as last_on from ({{ days }}) as days) as touched
{%- endmacro %}
