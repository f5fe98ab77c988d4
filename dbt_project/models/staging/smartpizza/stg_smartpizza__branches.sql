with source as (
    select * from {{ ref('base_smartpizza__branches') }}
),

-- The branches of the newest full list that finished.
renamed as (
    select distinct on (versions.branch_id)
        -- ids
        versions.branch_id,

        -- text
        versions.branch_name,
        versions.region,
        versions.country,
        versions.city,
        versions.timezone,
        versions.currency,

        -- dates
        versions.opened_date,
        versions.closed_date,

        -- lineage
        versions.load_order
    from source as versions
    where
        versions.violations = '{}'
        and versions.sweep_id = (select max(sweeps.sweep_id) from {{ ref('stg_smartpizza__branch_sweeps') }} as sweeps)
    order by versions.branch_id asc, versions.load_order desc, versions.load_position desc
)

select * from renamed
