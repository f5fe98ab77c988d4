{%- set fields = [
    {'name': 'branch_id', 'type': 'integer', 'required': true},
    {'name': 'branch_name', 'type': 'text', 'from': "record ->> 'name'", 'required': true},
    {'name': 'region', 'type': 'text', 'required': true},
    {'name': 'country', 'type': 'text', 'required': true},
    {'name': 'city', 'type': 'text'},
    {'name': 'timezone', 'type': 'text', 'required': true},
    {'name': 'currency', 'type': 'text', 'required': true},
    {'name': 'opened_date', 'type': 'date', 'from': "record ->> 'opened_on'"},
    {'name': 'closed_date', 'type': 'date', 'from': "record ->> 'closed_on'"},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['branch_id', 'load_order']},
        {'columns': ['sweep_id']},
    ],
) }}

with source as materialized (
    {{ new_records('smartpizza', 'branches') }}
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
            'closed_date is before opened_date': 'closed_date >= opened_date',
            'timezone is unknown': "timezone ~ '^(UTC|[A-Z][A-Za-z_]+/[A-Za-z0-9_+/-]+)$'"
                ~ " and pg_input_is_valid('2000-01-01 00:00 ' || timezone, 'timestamptz')",
        }) }} as violations
    from typed
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    branch_id,
    branch_name,
    region,
    country,
    city,
    timezone,
    currency,
    opened_date,
    closed_date,
    violations
from checked
