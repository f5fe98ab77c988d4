{#- The branches' days whose orders are not as many, or do not sum up to as much, as the server says. Compared are days
    that it counted no later than our orders reach, whose orders have not changed since, and of which none has a version
    in quarantine: neither timing nor bad data raises an alarm here. Quarantined orders whose day nobody knows excuse as
    many that lack. Over the summaries of the last take; with `whole`, over the last one of every day. -#}
{% macro days_unlike_the_servers(whole=false) %}
    {%- set orders = ref('fct_orders') -%}
    {%- set sales = ref('fct_branch_daily_sales') -%}
    with summaries as (
        select * from {{ ref('stg_smartpizza__order_summaries') }}
        where served_at is not null
            {% if not whole %}and {{ new_rows(ref('stg_smartpizza__order_summaries')) }}{% endif %}
    ),

    sales as (
        select * from {{ sales }}
    ),

    -- All versions, deletions too, of the orders that are or were on these days or on no day that we can read.
    versions as (
        select order_id, branch_id, business_date, updated_at, violations
        from {{ ref('base_smartpizza__orders') }}
        where order_id in (
            select orders.order_id
            from {{ ref('base_smartpizza__orders') }} as orders
            where orders.business_date >= (select min(business_date) from summaries)
                or (orders.business_date is null and orders.violations <> '{}')
        )
    ),

    -- How far the sweeps of orders reach that have come to sales to their end, by way of fct_orders.
    seen as (
        select max((sweeps.watermark #>> '{}')::timestamptz) as seen_until
        from {{ source('ops', 'sweeps') }} as sweeps
        inner join {{ source('ops', 'loads') }} as loads on sweeps.sweep_id = loads.sweep_id and loads.finishes_sweep
        where sweeps.source = 'smartpizza'
            and sweeps.stream = 'orders'
            and sweeps.kind = 'incremental'
            and loads.load_order <= (
                select max(takes.to_order)
                from {{ source('ops', 'model_takes') }} as takes
                where takes.stream = 'smartpizza.orders'
                    and takes.model = '{{ orders.schema }}.{{ orders.identifier }}'
                    and takes.take_id <= (
                        select inputs.take_id
                        from {{ source('ops', 'model_inputs') }} as inputs
                        where inputs.model = '{{ sales.schema }}.{{ sales.identifier }}'
                            and inputs.input = takes.model
                    )
            )
    ),

    unsettled as (
        select
            days.branch_id,
            days.business_date,
            max(marks.updated_at) as changed_at,
            bool_or(marks.violations <> '{}') as is_quarantined
        from versions as marks
        inner join versions as days on marks.order_id = days.order_id
        where marks.violations <> '{}' or marks.updated_at > (select min(served_at) from summaries)
        group by days.branch_id, days.business_date
    ),

    unplaced as (
        select count(distinct bad.order_id) as order_count
        from versions as bad
        where bad.violations <> '{}'
            and not exists (
                select 1 from versions as placed
                where placed.order_id = bad.order_id and (placed.branch_id, placed.business_date) is not null
            )
    )

    select
        summaries.branch_id,
        summaries.business_date,
        summaries.served_at,
        summaries.order_count as order_count_of_server,
        coalesce(sales.order_count, 0) as order_count,
        summaries.gross_amount as gross_amount_of_server,
        coalesce(sales.gross_amount, 0) as gross_amount
    from summaries
    cross join seen
    cross join unplaced
    left join sales
        on summaries.branch_id = sales.branch_id and summaries.business_date = sales.business_date
    left join unsettled
        on summaries.branch_id = unsettled.branch_id and summaries.business_date = unsettled.business_date
    where summaries.served_at <= seen.seen_until
        and (unsettled.changed_at > summaries.served_at) is not true
        and unsettled.is_quarantined is not true
        and (
            summaries.order_count - coalesce(sales.order_count, 0) not between 0 and unplaced.order_count
            or (unplaced.order_count = 0 and summaries.gross_amount is distinct from sales.gross_amount)
        )
{% endmacro %}
