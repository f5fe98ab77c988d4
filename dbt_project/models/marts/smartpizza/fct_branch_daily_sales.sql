{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['branch_id', 'business_date'],
    recompute_by=['branch_id', 'business_date'],
    touched_by='touched_branch_days',
    indexes=[{'columns': ['load_order']}],
) }}

with orders as (
    select * from {{ ref('fct_orders') }}
    {{ where_touched(touched_branch_days()) }}
),

-- order_count and gross_amount count as the source's own summary does: every order that was not deleted.
-- Sales leave out what was cancelled, is still to come, or was submitted twice.
final as (
    select
        branch_id,
        business_date,
        min(currency) as currency,
        count(*)::integer as order_count,
        sum(total_amount) as gross_amount,
        count(*) filter (where is_sale)::integer as sale_count,
        coalesce(sum(total_amount) filter (where is_sale), 0) as sales_amount,
        coalesce(sum(refunded_amount) filter (where is_sale), 0) as refunded_amount,
        coalesce(sum(charged_back_amount) filter (where is_sale), 0) as charged_back_amount,
        coalesce(sum(total_amount - refunded_amount - charged_back_amount) filter (where is_sale), 0)
            as net_sales_amount,
        coalesce(sum(pizza_quantity) filter (where is_sale), 0) as pizza_quantity,
        count(*) filter (where status = 'cancelled')::integer as cancelled_count,
        count(*) filter (where is_double_submission)::integer as double_submission_count,
        max(updated_at) as last_updated_at,
        max(load_order) as load_order
    from (
        select
            orders.*,
            status not in ('cancelled', 'scheduled') and not is_double_submission as is_sale
        from orders
    ) as flagged
    group by branch_id, business_date
)

select * from final
