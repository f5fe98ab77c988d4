{#- No personal data is taken out of raw: names, addresses and the like stay where the erasure redacts them. -#}
{%- set fields = [
    {'name': 'customer_id', 'type': 'text', 'required': true},
    {'name': 'version', 'type': 'integer', 'required': true},
    {'name': 'country', 'type': 'text'},
    {'name': 'loyalty_tier', 'type': 'text'},
    {'name': 'is_marketing_opt_in', 'type': 'boolean', 'from': "record ->> 'marketing_opt_in'"},
    {'name': 'merged_into_customer_id', 'type': 'text', 'from': "record ->> 'merged_into'"},
    {'name': 'signed_up_at', 'type': 'timestamptz'},
    {'name': 'created_at', 'type': 'timestamptz', 'required': true},
    {'name': 'updated_at', 'type': 'timestamptz', 'required': true},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['customer_id', 'version']},
        {'columns': ['merged_into_customer_id']},
        {'columns': ["(" ~ changed_on() ~ ")"]},
    ],
) }}

with source as materialized (
    {{ new_records('smartpizza', 'customers') }}
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
            'customer is merged into itself': 'merged_into_customer_id <> customer_id',
            'updated_at is before created_at': 'updated_at >= created_at',
        }) }} as violations
    from typed
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    customer_id,
    version,
    country,
    loyalty_tier,
    is_marketing_opt_in,
    merged_into_customer_id,
    signed_up_at,
    created_at,
    updated_at,
    violations
from checked
