with source as (
    select * from {{ source('ops', 'loads') }}
),

renamed as (
    select
        -- text
        source.source,
        source.stream,

        -- numbers
        source.records,

        -- times
        source.committed_at,

        -- lineage
        source.load_order
    from source
    where source.replays_load_id is null
)

select * from renamed
