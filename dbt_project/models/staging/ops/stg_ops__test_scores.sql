with source as (
    select * from {{ source('ops', 'data_quality_daily') }}
),

renamed as (
    select
        -- names
        dimension,
        source.source,
        model,
        owner,

        -- numbers
        tests,
        passed,
        warned,
        failed,
        pass_rate,

        -- times
        date
    from source
)

select * from renamed
