{{ config(materialized='view', tags=['quality'], group='data_platform') }}

with runs as (
    select * from {{ ref('stg_ops__runs') }}
),

final as (
    select
        run_id,
        kind,
        pipeline,
        command,
        status,
        host,
        image,
        revision,
        error,
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
        started_at,
        ended_at
    from runs
)

select * from final
