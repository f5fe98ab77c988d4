{#- Keys (branch_id): branches of the full lists that finished, and of the last one before (some may be gone now); and
    branches that a replay has brought of an earlier one. -#}
{% macro touched_branches() -%}
    select branches.branch_id
    from {{ ref('base_smartpizza__branches') }} as branches
    where branches.sweep_id in (
        select sweep_id from {{ ref('stg_smartpizza__branch_sweeps') }} where {{ changed('base_smartpizza__branches') }}
        union all
        (
            select sweep_id
            from {{ ref('stg_smartpizza__branch_sweeps') }}
            where load_order <= {{ range_start('base_smartpizza__branches') }}
            order by sweep_id desc
            limit 1
        )
    )
    or {{ changed('base_smartpizza__branches', 'branches') }}
{%- endmacro %}
