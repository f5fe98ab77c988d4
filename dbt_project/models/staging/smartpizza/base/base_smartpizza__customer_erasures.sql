{%- set fields = [
    {'name': 'erasure_id', 'type': 'text', 'required': true},
    {'name': 'customer_id', 'type': 'text', 'required': true},
    {'name': 'requested_at', 'type': 'timestamptz'},
    {'name': 'erased_at', 'type': 'timestamptz', 'required': true},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['customer_id']},
        {'columns': ['erasure_id']},
    ],
) }}

with source as materialized (
    {{ new_records('smartpizza', 'customer_erasures') }}
),

typed as (
    select
        load_order,
        sweep_id,
        load_position,
        extracted_at,
        {{ typed_columns(fields) }},
        {{ untyped_fields(fields) }} as violations
    from source
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    erasure_id,
    customer_id,
    requested_at,
    erased_at,
    violations
from typed
