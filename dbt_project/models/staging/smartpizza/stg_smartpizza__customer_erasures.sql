with source as (
    select * from {{ ref('base_smartpizza__customer_erasures') }}
),

renamed as (
    select
        -- ids
        versions.erasure_id,
        versions.customer_id,

        -- times
        versions.requested_at,
        versions.erased_at,

        -- lineage
        versions.load_order
    from source as versions
    where {{ is_newest_valid(ref('base_smartpizza__customer_erasures'), ['erasure_id'], version='erased_at') }}
)

select * from renamed
