with branches as (
    select * from {{ ref('base_smartpizza__branches') }}
),

sweeps as (
    select * from {{ ref('stg_smartpizza__branch_sweeps') }}
),

-- Every valid version of a branch that a finished full list brought.
finished as (
    select
        branches.branch_id,
        branches.branch_name,
        branches.region,
        branches.country,
        branches.city,
        branches.timezone,
        branches.currency,
        branches.opened_date,
        branches.closed_date,
        branches.sweep_id,
        branches.load_order,
        branches.load_position
    from branches
    where
        branches.violations = '{}'
        and exists (
            select 1 from sweeps
            where sweeps.sweep_id = branches.sweep_id
        )
)

select * from finished
