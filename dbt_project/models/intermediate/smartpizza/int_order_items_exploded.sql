with orders as (
    select * from {{ ref('stg_smartpizza__orders') }}
),

exploded as (
    select
        orders.order_id,
        (items.item ->> 'line_id')::integer as line_id,
        orders.branch_id,
        orders.business_date,
        orders.placed_at,
        orders.status,
        orders.currency,
        items.item ->> 'kind' as kind,
        items.item ->> 'sku' as sku,
        items.item ->> 'recipe_id' as recipe_id,
        (items.item ->> 'recipe_version')::integer as recipe_version,
        items.item ->> 'size' as size,
        (items.item ->> 'quantity')::numeric as quantity,
        ({{ money('items.item', 'unit_price') }})::numeric as unit_price_amount,
        ({{ money('items.item', 'discount') }})::numeric as discount_amount,
        ({{ money('items.item', 'tax') }})::numeric as tax_amount,
        {{ json_list('items.item', 'modifiers') }} as modifiers,
        {{ json_list('items.item', 'halves') }} as halves,
        orders.load_order
    from orders
    cross join lateral jsonb_array_elements(orders.items) as items (item)
)

select * from exploded
