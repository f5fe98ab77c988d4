{#- on-run-end: what each node of this invocation did, for the ledger. -#}
{% macro record_results(results) %}
    {%- if execute and flags.WHICH in ('build', 'run', 'test', 'seed') %}
    {%- for result in results %}
        {%- set node = result.node %}
        insert into ops.dbt_results
            (invocation_id, node_id, resource_type, status, seconds, rows_affected, failures, message)
        values (
            '{{ invocation_id }}',
            {{ dbt.string_literal(node.unique_id) }},
            '{{ node.resource_type }}',
            '{{ result.status }}',
            {{ result.execution_time | round(3) }},
            {{ result.adapter_response.get('rows_affected', 'null') if result.adapter_response else 'null' }},
            {{ result.failures if result.failures is not none else 'null' }},
            {{ dbt.string_literal((result.message or '')[:2000] | replace("'", "''")) }}
        )
        on conflict (invocation_id, node_id) do nothing;
    {%- endfor %}
    update ops.builds
    set ended_at = clock_timestamp(), wal_bytes = pg_wal_lsn_diff(pg_current_wal_insert_lsn(), wal_from),
        temp_bytes = greatest(ops.temp_bytes() - temp_from, 0)
    where invocation_id = '{{ invocation_id }}';
    {%- endif %}
{% endmacro %}
