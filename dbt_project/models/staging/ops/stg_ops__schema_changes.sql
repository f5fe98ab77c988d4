with source as (
    select * from {{ source('ops', 'schema_changes') }}
),

renamed as (
    select
        -- text
        source.source,
        source.stream,
        source.path,
        source.change,

        -- lists
        source.old_types,
        source.new_types,

        -- times
        source.noticed_at
    from source
)

select * from renamed
