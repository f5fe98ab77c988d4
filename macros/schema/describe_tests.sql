{#- on-run-start: what each test of this invocation is about, for the scores by dimension, source, model and owner. -#}
{% macro describe_tests() %}
    {%- if execute and flags.WHICH in ('build', 'test') and target.name == 'prod' %}
    {%- set tests = [] -%}
    {%- for id in selected_resources if graph.nodes.get(id, {}).get('resource_type') == 'test' -%}
        {%- do tests.append(graph.nodes[id]) -%}
    {%- endfor -%}
    {%- set dimensions = ['accuracy', 'completeness', 'consistency', 'timeliness', 'uniqueness', 'validity'] -%}
    {%- set sources = graph.sources.values() | map(attribute='source_name') | reject('equalto', 'ops') | unique | list -%}
    {%- if tests %}
    insert into ops.dbt_tests (node_id, name, dimension, source, model, owner, severity)
    values
    {%- for test in tests %}
        {%- set model = tested_model(test) -%}
        {%- set group = graph.groups.values() | selectattr('name', 'equalto', model.get('config', {}).get('group')) | first -%}
    (
        '{{ test.unique_id }}',
        {{ dbt.string_literal(test.name) }},
        '{{ test.tags | select('in', dimensions) | first | default('unknown', true) }}',
        '{{ (model.get('fqn', []) + test.fqn + test.tags) | select('in', sources) | first | default('', true) }}',
        '{{ model.get('name', '') }}',
        {{ dbt.string_literal(((group.owner.name or group.name) if group else '') | replace("'", "''")) }},
        '{{ test.config.severity | lower }}'
    ){{ ',' if not loop.last }}
    {%- endfor %}
    on conflict (node_id) do update set
        name = excluded.name, dimension = excluded.dimension, source = excluded.source, model = excluded.model,
        owner = excluded.owner, severity = excluded.severity, described_at = excluded.described_at
    where (dbt_tests.name, dbt_tests.dimension, dbt_tests.source, dbt_tests.model, dbt_tests.owner, dbt_tests.severity)
        is distinct from
        (excluded.name, excluded.dimension, excluded.source, excluded.model, excluded.owner, excluded.severity)
    {%- endif %}
    {%- endif %}
{% endmacro %}
