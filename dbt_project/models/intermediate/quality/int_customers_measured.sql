{{ config(
    materialized='incremental',
    incremental_strategy='recompute',
    unique_key=['measured_on', 'monitor', 'column_name', 'slice'],
    recompute_by=['measured_on'],
    touched_by='touched_customer_days',
    tags=['smartpizza'],
    indexes=[
        {'columns': ['measured_on', 'monitor', 'column_name', 'slice'], 'unique': true},
        {'columns': ['load_order']},
    ],
) }}

with customers as (
    select *
    from (
        select
            customers.*,
            {{ changed_on() }} as measured_on
        from {{ ref('base_smartpizza__customers') }} as customers
    ) as customers
    {{ where_touched(touched_customer_days()) }}
),

{{ measured(
    'customers',
    key='customer_id',
    version='version',
    nullable=['country', 'loyalty_tier', 'is_marketing_opt_in', 'signed_up_at'],
    categories=['country', 'loyalty_tier'],
    rates={'invalid_share': "violations <> '{}'", 'merged_share': 'merged_into_customer_id is not null'},
) }}
