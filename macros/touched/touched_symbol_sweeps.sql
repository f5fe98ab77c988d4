{#- Keys (sweep_id): full lists of symbols that finished or to which a replay added; and the list that follows each. -#}
{% macro touched_symbol_sweeps() -%}
    with came as (
        select sweep_id from {{ ref('stg_binance__symbol_sweeps') }} where {{ changed('base_binance__symbols') }}
        union
        select sweep_id from {{ ref('base_binance__symbols') }} where {{ changed('base_binance__symbols') }}
    )

    select sweep_id from came
    union
    select (
        select min(following.sweep_id)
        from {{ ref('stg_binance__symbol_sweeps') }} as following
        where following.sweep_id > came.sweep_id
    )
    from came
{%- endmacro %}
