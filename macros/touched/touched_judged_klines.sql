{#- Keys (measured_on): days of candles whose verdict may differ from the one they had. -#}
{% macro touched_judged_klines() -%}
    {{ days_judged_anew(touched_symbol_days(), ref('int_klines_measured')) }}
{%- endmacro %}
