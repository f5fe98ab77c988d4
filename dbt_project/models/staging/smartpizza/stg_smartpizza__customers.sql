with source as (
    select * from {{ ref('base_smartpizza__customers') }}
),

renamed as (
    select
        -- ids
        versions.customer_id,
        versions.merged_into_customer_id,

        -- text
        versions.country,
        versions.loyalty_tier,

        -- numbers
        versions.version,

        -- booleans
        versions.is_marketing_opt_in,

        -- times
        versions.signed_up_at,
        versions.created_at,
        versions.updated_at,

        -- lineage
        versions.load_order
    from source as versions
    where
        {{ is_newest_valid(ref('base_smartpizza__customers'), ['customer_id']) }}
        and not exists (
            select 1
            from {{ ref('base_smartpizza__customer_erasures') }} as erasures
            where erasures.customer_id = versions.customer_id
        )
)

select * from renamed
