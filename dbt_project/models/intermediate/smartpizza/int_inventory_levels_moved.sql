with levels as (
    select * from {{ ref('stg_smartpizza__inventory_levels') }}
),

-- The day of the count before. Of base, whose index has the last day at hand; the view would look at all earlier ones.
dated as (
    select
        levels.branch_id,
        levels.ingredient_id,
        levels.business_date,
        levels.on_hand_quantity,
        levels.received_quantity,
        levels.wasted_quantity,
        levels.reason,
        levels.load_order,
        before.business_date as before_date
    from levels
    left join lateral (
        select max(valid.business_date) as business_date
        from {{ ref('base_smartpizza__inventory_levels') }} as valid
        where
            valid.branch_id = levels.branch_id
            and valid.ingredient_id = levels.ingredient_id
            and valid.business_date < levels.business_date
            and valid.violations = '{}'
    ) as before on true
),

-- What left the store room between the count before and this one: opening + received - wasted - on hand.
moved as (
    select
        dated.branch_id,
        dated.ingredient_id,
        dated.business_date,
        before.on_hand_quantity as opening_quantity,
        dated.received_quantity,
        dated.wasted_quantity,
        dated.on_hand_quantity as closing_quantity,
        before.on_hand_quantity + dated.received_quantity - dated.wasted_quantity - dated.on_hand_quantity
            as moved_quantity,
        dated.reason = 'correction' as is_corrected,
        dated.load_order
    from dated
    left join lateral (
        select earlier.on_hand_quantity
        from {{ ref('stg_smartpizza__inventory_levels') }} as earlier
        where
            earlier.branch_id = dated.branch_id
            and earlier.ingredient_id = dated.ingredient_id
            and earlier.business_date = dated.before_date
        order by earlier.load_order desc
        limit 1
    ) as before on true
)

select * from moved
