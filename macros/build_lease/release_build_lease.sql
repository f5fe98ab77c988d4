{#- on-run-end: lets others build at once. A build that never comes here is found dead (see take_build_lease). -#}
{% macro release_build_lease() -%}
    delete from ops.build_leases where invocation_id = '{{ invocation_id }}'
{%- endmacro %}
