{%- set symbols = ref('base_binance__symbols') -%}

with source as (
    select * from {{ source('ops', 'loads') }}
),

-- Only a finished sweep of the full list may imply that a symbol is gone; one that brought nothing implies nothing.
renamed as (
    select
        source.sweep_id,
        source.load_order,
        (
            select max(symbols.listed_at) from {{ symbols }} as symbols
            where symbols.sweep_id = source.sweep_id
        ) as listed_at
    from source
    where
        source.source = 'binance'
        and source.stream = 'symbols'
        and source.finishes_sweep
        and exists (
            select 1 from {{ symbols }} as symbols
            where symbols.sweep_id = source.sweep_id
        )
        and source.load_order <= (
            select max(takes.to_order)
            from {{ source('ops', 'model_takes') }} as takes
            where takes.model = '{{ symbols.schema }}.{{ symbols.identifier }}'
        )
)

select * from renamed
