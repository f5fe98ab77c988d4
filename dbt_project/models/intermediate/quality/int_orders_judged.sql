{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['measured_on', 'monitor', 'column_name', 'slice'],
    recompute_by=['measured_on'],
    touched_by='touched_judged_orders',
    tags=['smartpizza'],
    indexes=[
        {'columns': ['measured_on', 'monitor', 'column_name', 'slice'], 'unique': true},
        {'columns': ['load_order']},
    ],
) }}

{{ judged(ref('int_orders_measured'), touched_judged_orders()) }}
