with source as (
    select * from {{ ref('base_smartpizza__recipes') }}
),

-- The key is a version of a recipe; it is served again when a later version closes it.
renamed as (
    select
        -- ids
        versions.recipe_id,
        versions.version as recipe_version,

        -- text
        versions.recipe_name,
        versions.category,
        versions.kind,

        -- lists
        versions.sizes,

        -- times
        versions.valid_from,
        versions.valid_to,
        versions.updated_at,

        -- lineage
        versions.load_order
    from source as versions
    where {{ is_newest_valid(ref('base_smartpizza__recipes'), ['recipe_id', 'version'], version='updated_at') }}
)

select * from renamed
