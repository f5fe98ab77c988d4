{%- set branches = ref('base_smartpizza__branches') -%}

with source as (
    select * from {{ source('ops', 'loads') }}
),

-- Only a finished sweep of the full list may imply that a branch is gone; one that brought nothing implies nothing.
renamed as (
    select
        sweep_id,
        load_order,
        committed_at as finished_at
    from source
    where
        source.source = 'smartpizza'
        and source.stream = 'branches'
        and source.finishes_sweep
        and exists (
            select 1 from {{ branches }} as branches
            where branches.sweep_id = source.sweep_id
        )
        and source.load_order <= (
            select max(takes.to_order)
            from {{ source('ops', 'model_takes') }} as takes
            where takes.model = '{{ branches.schema }}.{{ branches.identifier }}'
        )
)

select * from renamed
