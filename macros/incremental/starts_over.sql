{#- True where the model is built from nothing: it takes every load again. -#}
{% macro starts_over() %}
    {{ return(config.get('materialized') == 'incremental' and not is_incremental()) }}
{% endmacro %}
