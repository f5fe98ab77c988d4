with levels as (
    select * from {{ ref('stg_smartpizza__inventory_levels') }}
),

-- What left the store room between the count before and this one: opening + received - wasted - on hand.
moved as (
    select
        levels.branch_id,
        levels.ingredient_id,
        levels.business_date,
        before.on_hand_quantity as opening_quantity,
        levels.received_quantity,
        levels.wasted_quantity,
        levels.on_hand_quantity as closing_quantity,
        before.on_hand_quantity + levels.received_quantity - levels.wasted_quantity - levels.on_hand_quantity
            as moved_quantity,
        levels.reason = 'correction' as is_corrected,
        levels.load_order
    from levels
    left join lateral (
        select earlier.on_hand_quantity
        from {{ ref('stg_smartpizza__inventory_levels') }} as earlier
        where
            earlier.branch_id = levels.branch_id
            and earlier.ingredient_id = levels.ingredient_id
            and earlier.business_date < levels.business_date
        order by earlier.business_date desc
        limit 1
    ) as before on true
)

select * from moved
