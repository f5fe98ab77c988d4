{%- set fields = [
    {'name': 'branch_id', 'type': 'integer', 'required': true},
    {'name': 'business_date', 'type': 'date', 'required': true},
    {'name': 'order_count', 'type': 'integer', 'required': true},
    {'name': 'gross_amount', 'type': 'numeric', 'from': "record ->> 'gross_total'", 'required': true},
    {'name': 'last_updated_at', 'type': 'timestamptz', 'from': "record ->> 'max_updated_at'", 'required': true},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['branch_id', 'business_date', 'load_order']},
    ],
) }}

with source as materialized (
    {{ new_records('smartpizza', 'order_summaries') }}
),

typed as (
    select
        load_order,
        sweep_id,
        load_position,
        extracted_at,
        served_at,
        {{ typed_columns(fields) }},
        {{ untyped_fields(fields) }} as untyped
    from source
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'order_count is not above 0': 'order_count > 0',
        }) }} as violations
    from typed
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    served_at,
    branch_id,
    business_date,
    order_count,
    gross_amount,
    last_updated_at,
    violations
from checked
