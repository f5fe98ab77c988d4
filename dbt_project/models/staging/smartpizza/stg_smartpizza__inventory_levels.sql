with source as (
    select * from {{ ref('base_smartpizza__inventory_levels') }}
),

renamed as (
    select
        -- ids
        versions.branch_id,
        versions.ingredient_id,

        -- text
        versions.reason,
        versions.unit,

        -- numbers
        versions.version,
        versions.on_hand_quantity,
        versions.received_quantity,
        versions.wasted_quantity,

        -- dates and times
        versions.business_date,
        versions.counted_at,
        versions.updated_at,

        -- lineage
        versions.load_order
    from source as versions
    where {{ is_newest_valid(
            ref('base_smartpizza__inventory_levels'), ['branch_id', 'ingredient_id', 'business_date']
        ) }}
)

select * from renamed
