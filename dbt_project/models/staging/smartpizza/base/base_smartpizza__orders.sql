{%- set present = "coalesce(record ->> 'deleted', 'false') <> 'true'" -%}
{%- set fields = [
    {'name': 'order_id', 'type': 'text', 'required': true},
    {'name': 'version', 'type': 'integer', 'required': true},
    {'name': 'is_deleted', 'type': 'boolean', 'from': "coalesce(record ->> 'deleted', 'false')"},
    {'name': 'idempotency_key', 'type': 'text'},
    {'name': 'order_number', 'type': 'text'},
    {'name': 'branch_id', 'type': 'integer', 'from': "coalesce(record ->> 'store_id', record ->> 'branch_id')", 'required': present},
    {'name': 'customer_id', 'type': 'text'},
    {'name': 'channel', 'type': 'text', 'required': present},
    {'name': 'fulfilment', 'type': 'text', 'required': present},
    {'name': 'status', 'type': 'text', 'required': present},
    {'name': 'currency', 'type': 'text', 'required': present},
    {'name': 'subtotal_amount', 'type': 'numeric', 'from': money('record', 'subtotal'), 'required': present},
    {'name': 'discount_amount', 'type': 'numeric', 'from': money('record', 'discount_total'), 'required': present},
    {'name': 'tax_amount', 'type': 'numeric', 'from': money('record', 'tax_total'), 'required': present},
    {'name': 'delivery_fee_amount', 'type': 'numeric', 'from': money('record', 'delivery_fee'), 'required': present},
    {'name': 'tip_amount', 'type': 'numeric', 'from': money('record', 'tip'), 'required': present},
    {'name': 'total_amount', 'type': 'numeric', 'from': money('record', 'total'), 'required': present},
    {'name': 'loyalty_points', 'type': 'integer'},
    {'name': 'business_date', 'type': 'date', 'required': present},
    {'name': 'placed_at', 'type': 'timestamptz', 'required': present},
    {'name': 'promised_at', 'type': 'timestamptz'},
    {'name': 'created_at', 'type': 'timestamptz', 'required': present},
    {'name': 'updated_at', 'type': 'timestamptz', 'required': true},
    {'name': 'deleted_at', 'type': 'timestamptz'},
] -%}
{{ config(
    materialized='incremental',
    incremental_strategy='append',
    indexes=[
        {'columns': ['load_order', 'load_position'], 'unique': true},
        {'columns': ['order_id', 'version']},
        {'columns': ['idempotency_key']},
        {'columns': ['business_date', 'branch_id']},
        {'columns': ["(" ~ changed_on() ~ ")"]},
    ],
) }}

with source as materialized (
    {{ new_records('smartpizza', 'orders') }}
),

typed as (
    select
        load_order,
        sweep_id,
        load_position,
        extracted_at,
        {{ typed_columns(fields) }},
        {{ untyped_fields(fields) }} as untyped,
        {{ json_list('record', 'items') }} as items,
        {{ json_list('record', 'payments') }} as payments,
        {{ json_list('record', 'status_history') }} as status_history
    from source
),

checked as (
    select
        *,
        untyped || {{ broken_rules({
            'status is unknown': "status in ('scheduled', 'placed', 'confirmed', 'in_oven', 'ready', 'out_for_delivery',"
                ~ " 'delivered', 'collected', 'cancelled', 'refunded', 'partially_refunded')",
            'fulfilment is unknown': "fulfilment in ('collection', 'delivery', 'dine_in')",
            'total_amount is out of range': 'total_amount between 0 and 1e9',
            'version is not positive': 'version > 0',
            'updated_at is before placed_at': 'updated_at >= placed_at',
            'items.line_id repeats': no_repeats('items', ['$[*].line_id']),
            'payments repeat an id': no_repeats('payments',
                ['$[*].payment_id', '$[*].refunds[*].refund_id', '$[*].chargebacks[*].chargeback_id']),
        }) }}
        || {{ untyped_elements('items', 'items',
            required={
                'line_id': 'integer', 'kind': 'text', 'sku': 'text', 'quantity': 'numeric', 'unit_price': 'money',
                'discount': 'money', 'tax': 'money'},
            optional={'recipe_version': 'integer'},
            lists={
                'modifiers': {'required': {'action': 'text', 'ingredient_id': 'text', 'quantity': 'numeric'}},
                'halves': {'required': {'recipe_id': 'text'}}}) }}
        || {{ untyped_elements('payments', 'payments',
            required={
                'payment_id': 'text', 'method': 'text', 'amount': 'money', 'captured_at': 'timestamptz'},
            lists={
                'refunds': {'required': {'refund_id': 'text', 'amount': 'money', 'refunded_at': 'timestamptz'}},
                'chargebacks': {
                    'required': {'chargeback_id': 'text', 'amount': 'money', 'opened_at': 'timestamptz'}}}) }}
        || {{ untyped_elements('status_history', 'status_history',
            required={'status': 'text', 'at': 'timestamptz'}) }} as violations
    from typed
)

select
    load_order,
    sweep_id,
    load_position,
    extracted_at,
    order_id,
    version,
    is_deleted,
    idempotency_key,
    order_number,
    branch_id,
    customer_id,
    channel,
    fulfilment,
    status,
    currency,
    subtotal_amount,
    discount_amount,
    tax_amount,
    delivery_fee_amount,
    tip_amount,
    total_amount,
    loyalty_points,
    business_date,
    placed_at,
    promised_at,
    created_at,
    updated_at,
    deleted_at,
    items,
    payments,
    status_history,
    violations
from checked
