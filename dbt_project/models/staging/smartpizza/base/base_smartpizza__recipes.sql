{%- set fields = [
    {'name': 'recipe_id', 'type': 'text', 'required': true},
    {'name': 'version', 'type': 'integer', 'required': true},
    {'name': 'recipe_name', 'type': 'text', 'from': "record ->> 'name'", 'required': true},
    {'name': 'category', 'type': 'text'},
    {'name': 'kind', 'type': 'text', 'required': true},
    {'name': 'valid_from', 'type': 'timestamptz', 'required': true},
    {'name': 'valid_to', 'type': 'timestamptz'},
    {'name': 'updated_at', 'type': 'timestamptz', 'required': true},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['recipe_id', 'version']},
    ],
) }}

with source as materialized (
    {{ new_records('smartpizza', 'recipes') }}
),

typed as (
    select
        load_order,
        sweep_id,
        load_position,
        extracted_at,
        {{ typed_columns(fields) }},
        {{ untyped_fields(fields) }} as untyped,
        {{ json_list('record', 'sizes') }} as sizes
    from source
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'kind is unknown': "kind in ('pizza', 'component')",
            'valid_to is not after valid_from': 'valid_to > valid_from',
            'sizes is empty': "sizes <> '[]'",
        }) }}
        || {{ untyped_elements('sizes', 'sizes',
            required={'size': 'text', 'components': 'text'},
            lists={'components': {'required': {'type': 'text', 'quantity': 'numeric'}}}) }} as violations
    from typed
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    recipe_id,
    version,
    recipe_name,
    category,
    kind,
    valid_from,
    valid_to,
    updated_at,
    sizes,
    violations
from checked
