{#- In: SQL that names an interval, and two times on its grid. Out: SQL that gives how many times of the grid there are
    from the one to just before the other. -#}
{% macro slot_count(interval, from_at, until_at) -%}
    (case
        when {{ interval }} = '1M' then
            12 * (extract(year from {{ until_at }} at time zone 'UTC') - extract(year from {{ from_at }} at time zone 'UTC'))
            + extract(month from {{ until_at }} at time zone 'UTC') - extract(month from {{ from_at }} at time zone 'UTC')
        else
            extract(epoch from {{ until_at }} - {{ from_at }}) / extract(epoch from {{ interval_length(interval) }})
    end)::integer
{%- endmacro %}
