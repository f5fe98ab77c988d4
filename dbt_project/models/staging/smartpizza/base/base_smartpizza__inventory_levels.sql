{%- set fields = [
    {'name': 'branch_id', 'type': 'integer', 'required': true},
    {'name': 'ingredient_id', 'type': 'text', 'required': true},
    {'name': 'business_date', 'type': 'date', 'required': true},
    {'name': 'version', 'type': 'integer', 'required': true},
    {'name': 'counted_at', 'type': 'timestamptz', 'from': "record ->> 'as_of'", 'required': true},
    {'name': 'on_hand_quantity', 'type': 'numeric', 'from': "record ->> 'on_hand'", 'required': true},
    {'name': 'received_quantity', 'type': 'numeric', 'from': "record ->> 'received'", 'required': true},
    {'name': 'wasted_quantity', 'type': 'numeric', 'from': "record ->> 'wasted'", 'required': true},
    {'name': 'unit', 'type': 'text', 'required': true},
    {'name': 'reason', 'type': 'text', 'required': true},
    {'name': 'updated_at', 'type': 'timestamptz', 'required': true},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['branch_id', 'ingredient_id', 'business_date', 'version']},
        {'columns': ['business_date', 'branch_id']},
    ],
) }}

with source as materialized (
    {{ new_records('smartpizza', 'inventory_levels') }}
),

typed as (
    select
        load_order,
        sweep_id,
        load_position,
        extracted_at,
        {{ typed_columns(fields) }},
        {{ untyped_fields(fields) }} as untyped
    from source
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'unit is unknown': "unit = 'kg'",
            'reason is unknown': "reason in ('count', 'correction')",
            'a quantity is negative': 'least(received_quantity, wasted_quantity) >= 0',
        }) }} as violations
    from typed
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    branch_id,
    ingredient_id,
    business_date,
    version,
    counted_at,
    on_hand_quantity,
    received_quantity,
    wasted_quantity,
    unit,
    reason,
    updated_at,
    violations
from checked
