{{ config(tags=['quality']) }}

with source as (
    select * from {{ source('ops', 'run_ledger') }}
),

renamed as (
    select
        -- ids and names
        run_id,
        kind,
        pipeline,
        command,
        status,
        host,
        image,
        revision,
        error,

        -- numbers
        exit_code,
        rows,
        bytes,
        requests,
        retries,
        throttled_seconds,
        cpu_seconds,
        peak_memory_bytes,
        wal_bytes,
        temp_bytes,
        cost_amount,

        -- times
        started_at,
        ended_at
    from source
)

select * from renamed
