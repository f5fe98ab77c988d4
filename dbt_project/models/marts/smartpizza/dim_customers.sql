{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key='customer_id',
    recompute_by=['customer_id'],
    touched_by='touched_customers',
) }}

with recursive

customers as (
    select * from {{ ref('stg_smartpizza__customers') }}
    {{ where_touched(touched_customers(), narrow_by={'customer_id': touched_customers()}) }}
),

erasures as (
    select
        customer_id,
        min(erased_at) as erased_at
    from {{ ref('stg_smartpizza__customer_erasures') }}
    {{ where_touched(touched_customers(), narrow_by={'customer_id': touched_customers()}) }}
    group by customer_id
),

-- Who a customer was merged into, step by step, until nobody comes next or the next one was passed already (a ring).
merge_steps as (
    select
        customer_id,
        merged_into_customer_id as next_customer_id,
        array[customer_id] as passed_ids
    from customers
    where merged_into_customer_id is not null

    union all

    select
        merge_steps.customer_id,
        further.merged_into_customer_id as next_customer_id,
        merge_steps.passed_ids || further.customer_id as passed_ids
    from merge_steps
    inner join {{ ref('stg_smartpizza__customers') }} as further on merge_steps.next_customer_id = further.customer_id
    where
        further.merged_into_customer_id is not null
        and further.customer_id <> all(merge_steps.passed_ids)
),

-- Of a ring, whose members are one person, the first id stands for all.
survivors as (
    select distinct on (customer_id)
        customer_id,
        coalesce(
            (
                select min(ring.customer_id)
                from unnest(passed_ids[array_position(passed_ids, next_customer_id):]) as ring (customer_id)
            ),
            next_customer_id
        ) as surviving_customer_id
    from merge_steps
    order by customer_id asc, cardinality(passed_ids) desc
),

final as (
    select
        customers.customer_id,
        coalesce(survivors.surviving_customer_id, customers.customer_id) as surviving_customer_id,
        coalesce(survivors.surviving_customer_id <> customers.customer_id, false) as is_merged,
        false as is_erased,
        customers.country,
        customers.loyalty_tier,
        customers.is_marketing_opt_in,
        customers.signed_up_at,
        null::timestamptz as erased_at
    from customers
    left join survivors on customers.customer_id = survivors.customer_id

    union all

    -- An erased customer keeps the number, so that orders still add up, and nothing else.
    select
        customer_id,
        customer_id as surviving_customer_id,
        false as is_merged,
        true as is_erased,
        null::text as country,
        null::text as loyalty_tier,
        null::boolean as is_marketing_opt_in,
        null::timestamptz as signed_up_at,
        erased_at
    from erasures
)

select * from final
