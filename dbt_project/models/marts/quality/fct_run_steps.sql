{{ config(materialized='view', tags=['quality'], group='data_platform') }}

with run_steps as (
    select * from {{ ref('stg_ops__run_steps') }}
),

final as (
    select
        run_id,
        step,
        step_kind,
        status,
        message,
        rows,
        bytes,
        started_at,
        ended_at
    from run_steps
)

select * from final
