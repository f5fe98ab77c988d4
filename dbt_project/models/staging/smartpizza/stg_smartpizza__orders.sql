with source as (
    select * from {{ ref('base_smartpizza__orders') }}
),

renamed as (
    select
        -- ids
        versions.order_id,
        versions.branch_id,
        versions.customer_id,
        versions.idempotency_key,
        versions.order_number,

        -- text
        versions.channel,
        versions.fulfilment,
        versions.status,
        versions.currency,

        -- numbers
        versions.version,
        versions.subtotal_amount,
        versions.discount_amount,
        versions.tax_amount,
        versions.delivery_fee_amount,
        versions.tip_amount,
        versions.total_amount,
        versions.loyalty_points,

        -- lists
        versions.items,
        versions.payments,
        versions.status_history,

        -- dates and times
        versions.business_date,
        versions.placed_at,
        versions.promised_at,
        versions.created_at,
        versions.updated_at,

        -- lineage
        versions.load_order,
        versions.load_position
    from source as versions
    where
        not versions.is_deleted
        and {{ is_newest_valid(ref('base_smartpizza__orders'), ['order_id']) }}
)

select * from renamed
