{#- on-run-end: keeps the rows that a test has found, at most a hundred, until it passes or finds others. dbt's own
    store_failures makes a table anew for each test of each build, whether it fails or not; here only a failing test costs
    something, its query once more. Columns whose `meta` says `pii: true` are masked. -#}
{% macro store_failures(results) %}
    {%- if execute and flags.WHICH in ('build', 'test') and target.name == 'prod' %}
    {%- set judged = [] -%}
    {%- set found = [] -%}
    {%- for result in results if result.node.resource_type == 'test' and result.status in ('pass', 'warn', 'fail') -%}
        {%- do judged.append(result.node.unique_id) -%}
        {%- if result.status != 'pass' -%}{%- do found.append(result.node) -%}{%- endif -%}
    {%- endfor -%}
    {%- if judged %}
    delete from ops.test_failures where node_id = any({{ text_array(judged) }});
    {%- endif %}
    {%- for test in found %}
    insert into ops.test_failures (node_id, row_number, invocation_id, record)
    select
        '{{ test.unique_id }}',
        row_number() over (),
        '{{ invocation_id }}',
        ops.masked(to_jsonb(failing), {{ text_array(personal_columns(test)) }})
    from (
        {{ failing_rows_query(test) }}
    ) as failing
    limit 100;
    {%- endfor %}
    {%- endif %}
{% endmacro %}
