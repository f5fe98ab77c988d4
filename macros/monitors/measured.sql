{#- Measures records: one row a monitor, column, slice and day, in the columns of every model of measurements.

    In: records, the name of a CTE that is read once, with measured_on (the day) and load_order; present, the condition
    that a record has a body; key and version, the columns that name a record and its state; content, the columns by
    which two records with different keys are the same thing sent twice; slice, the column by which volume is counted;
    nullable, categories, levels, columns whose share of nulls, values and 90th percentile are measured; rates,
    {name: condition} whose share of the records is. Volume is the number of different keys; levels are taken of the
    first state of each key on the day, so that changes in the course of a day count once.

    No more than 50 values of a category are kept apart: where a column that had ten is suddenly full of free text, the
    rest is one more, and what people may have written there goes no further than 40 letters. -#}
{% macro measured(records, key, version, content=[], slice=none, present='true', nullable=[], categories=[], levels=[],
    rates={}) %}
    {%- set parts = ([slice] if slice else []) + categories -%}
    {%- set columns = ([key, version] + content + parts + nullable + levels) | unique -%}
    -- Only what is measured: sorted with all that a record has, it would not fit into memory.
    states as materialized (
        select
            measured_on,
            load_order,
            {{ columns | join(', ') }},
            {%- for condition in rates.values() %}
            {{ condition }} as is_rate_{{ loop.index }},
            {%- endfor %}
            {{ present }} as is_present,
            {{ key }} is null or row_number() over of_key = 1 as is_first,
            {{ key }} is not null
            and row_number() over of_key > 1
            and {{ version }} is not distinct from lag({{ version }}) over of_key as is_copy
        from {{ records }}
        window of_key as (partition by measured_on, {{ key }} order by {{ version }}, load_order, load_position)
    ),
    {%- if content %}

    contents as (
        select
            measured_on,
            count(*) - 1 as twins
        from states
        where is_first and is_present
        group by measured_on, {{ content | join(', ') }}
    ),

    twins as (
        select
            measured_on,
            sum(twins) as twins
        from contents
        group by measured_on
    ),
    {%- endif %}

    days as (
        select
            measured_on,
            max(load_order) as load_order,
            count(*) as records,
            count(*) filter (where is_present) as bodies,
            count(*) filter (where is_first) as keys,
            count(*) filter (where is_copy) as copies
            {%- for column in nullable %},
            count(*) filter (where is_present and {{ column }} is null) as null_{{ loop.index }}
            {%- endfor %}
            {%- for name in rates %},
            count(*) filter (where is_rate_{{ loop.index }}) as rate_{{ loop.index }}
            {%- endfor %}
            {%- for column in levels %},
            percentile_cont(0.9) within group (order by {{ column }}) filter (where is_present and is_first)
                as level_{{ loop.index }}
            {%- endfor %}
        from states
        group by measured_on
    ),
    {%- if parts %}

    parts as (
        select
            measured_on,
            grouping({{ parts | join(', ') }}) as part,
            coalesce({% for column in parts %}{{ column }}::text{{ ', ' if not loop.last }}{% endfor %}) as slice,
            max(load_order) as load_order,
            count(*) as records,
            count(*) filter (where is_first) as keys
        from states
        where is_present
        group by grouping sets ({% for column in parts %}(measured_on, {{ column }}){{ ', ' if not loop.last }}{% endfor %})
    ),

    few_values as (
        select
            measured_on,
            part,
            case
                when row_number() over (partition by measured_on, part order by records desc, slice) <= 50
                    then left(slice, 40)
                else '(others)'
            end as slice,
            load_order,
            records
        from parts
        where slice is not null
    ),
    {%- endif %}

    measurements as (
        select
            measure.monitor, measure.column_name, '' as slice, days.measured_on, measure.value, measure.row_count,
            days.load_order
        from days
        {%- if content %}
        left join twins on days.measured_on = twins.measured_on
        {%- endif %}
        cross join lateral (
            values
            ('volume', '', days.keys::numeric, days.records),
            ('copy_share', '', days.copies::numeric / days.records, days.records)
            {%- if content %},
            ('twin_share', '', coalesce(twins.twins, 0) / nullif(days.keys, 0), days.keys)
            {%- endif %}
            {%- for name in rates %},
            ('{{ name }}', '', days.rate_{{ loop.index }}::numeric / days.records, days.records)
            {%- endfor %}
            {%- for column in nullable %},
            ('null_rate', '{{ column }}', days.null_{{ loop.index }}::numeric / nullif(days.bodies, 0), days.bodies)
            {%- endfor %}
            {%- for column in levels %},
            ('p90', '{{ column }}', days.level_{{ loop.index }}::numeric, days.keys)
            {%- endfor %}
        ) as measure (monitor, column_name, value, row_count)
        where measure.value is not null
        {%- for column in parts %}
        {%- set part = 2 ** (parts | length) - 1 - 2 ** (parts | length - loop.index) %}
        union all
        {%- if column == slice %}
        select 'volume', '', coalesce(slice, '(none)'), measured_on, keys::numeric, records, load_order
        from parts
        where part = {{ part }}
        {%- else %}
        select
            'category_share', '{{ column }}', few_values.slice, few_values.measured_on,
            sum(few_values.records) / max(days.bodies), max(days.bodies), max(few_values.load_order)
        from few_values
        inner join days on few_values.measured_on = days.measured_on
        where few_values.part = {{ part }}
        group by few_values.slice, few_values.measured_on
        {%- endif %}
        {%- endfor %}
    )

    select
        monitor::text as monitor,
        column_name::text as column_name,
        slice::text as slice,
        measured_on,
        round(value, 6) as value,
        row_count::bigint as row_count,
        load_order
    from measurements
{% endmacro %}
