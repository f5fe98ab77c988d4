{#- pre-hook of every model, in its transaction: it commits only under this invocation's lease. -#}
{% macro keep_build_lease() -%}
    {%- if execute -%}
        select ops.assert_build_lease('{{ invocation_id }}', '{{ model.schema }}.{{ model.alias }}')
    {%- endif -%}
{%- endmacro %}
