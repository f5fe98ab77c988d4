with source as (
    select * from {{ ref('base_smartpizza__order_summaries') }}
),

renamed as (
    select
        -- ids
        versions.branch_id,

        -- numbers
        versions.order_count,
        versions.gross_amount,

        -- dates and times
        versions.business_date,
        versions.last_updated_at,
        versions.served_at,

        -- lineage
        versions.load_order
    from source as versions
    where {{ is_newest_valid(
            ref('base_smartpizza__order_summaries'), ['branch_id', 'business_date'], version='load_order'
        ) }}
)

select * from renamed
