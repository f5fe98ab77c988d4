{{ config(tags=['quality']) }}

with source as (
    select * from {{ source('ops', 'run_steps') }}
),

renamed as (
    select
        -- ids and names
        run_id,
        step,
        step_kind,
        status,
        message,

        -- numbers
        rows,
        bytes,

        -- times
        started_at,
        ended_at
    from source
)

select * from renamed
