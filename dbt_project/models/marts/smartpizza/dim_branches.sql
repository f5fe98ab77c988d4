{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key='branch_id',
    recompute_by=['branch_id'],
    touched_by='touched_branches',
) }}

with branch_ids as (
    select distinct branch_id
    from {{ ref('int_branch_versions_finished') }}
    {{ where_touched(touched_branches()) }}
),

current_branches as (
    select * from {{ ref('stg_smartpizza__branches') }}
),

-- A branch that the newest full list lacks was hard-deleted at the source: its last version stays, and says so.
final as (
    select
        branch_ids.branch_id,
        newest.branch_name,
        newest.region,
        newest.country,
        newest.city,
        newest.timezone,
        newest.currency,
        newest.opened_date,
        newest.closed_date,
        current_branches.branch_id is null as is_deleted,
        oldest.load_order as first_load_order
    from branch_ids
    cross join
        lateral (
            select versions.*
            from {{ ref('int_branch_versions_finished') }} as versions
            where versions.branch_id = branch_ids.branch_id
            order by versions.sweep_id desc, versions.load_order desc, versions.load_position desc
            limit 1
        ) as newest
    cross join
        lateral (
            select versions.load_order
            from {{ ref('int_branch_versions_finished') }} as versions
            where versions.branch_id = branch_ids.branch_id
            order by versions.load_order
            limit 1
        ) as oldest
    left join current_branches on branch_ids.branch_id = current_branches.branch_id
)

select * from final
