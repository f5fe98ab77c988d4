{#- In: the alias of a row of symbols. Out: SQL, what a full list says of a symbol. -#}
{% macro symbol_values(alias) -%}
    ({% for column in [
        'status', 'base_asset', 'quote_asset', 'base_precision', 'quote_precision', 'tick_size', 'step_size',
        'min_notional', 'is_spot_trading_allowed', 'is_margin_trading_allowed',
    ] %}{{ alias }}.{{ column }}{{ ', ' if not loop.last }}{% endfor %})
{%- endmacro %}
