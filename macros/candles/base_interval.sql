{#- Out: the interval of the candles that rollups and days are made of: var binance_base_interval. Refuses one of which
    an hour is no multiple. -#}
{% macro base_interval() %}
    {%- set name = var('binance_base_interval') -%}
    {%- if interval_seconds().get(name, 3600) >= 3600 -%}
        {{ exceptions.raise_compiler_error(
            "binance_base_interval is shorter than an hour, such as 15m: " ~ name) }}
    {%- endif -%}
    {{ return(name) }}
{% endmacro %}
