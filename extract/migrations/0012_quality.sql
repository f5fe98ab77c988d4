-- What tests judge, the rows that fail them, what is quarantined, and the views that the report reads.

-- What each test is about. A build describes the tests that it is about to run (macro describe_tests), so that one that
-- is killed, or that `dbt build` runs by hand, leaves results that can be read as well.
create table ops.dbt_tests (
    node_id text primary key,
    name text not null,
    dimension text not null,
    source text not null,
    model text not null,
    owner text not null,
    severity text not null,
    described_at timestamptz not null default clock_timestamp()
);

-- The rows that a test found when it was last run: none of a test that passes, at most a hundred of another. Personal
-- columns are masked before they come here.
create table ops.test_failures (
    node_id text not null,
    row_number integer not null,
    invocation_id text not null,
    record jsonb not null,
    primary key (node_id, row_number)
);

-- `record` with the fields named in `personal` masked, and whatever looks like an e-mail address, at any depth.
create function ops.masked(record jsonb, personal text[]) returns jsonb
language plpgsql immutable set search_path = pg_catalog as $$
declare
    address constant text := '[^\s"<>]+@[^\s"<>]+\.[[:alpha:]]{2,}';
begin
    return case jsonb_typeof(record)
        when 'string' then to_jsonb(regexp_replace(record #>> '{}', address, 'masked', 'g'))
        when 'array' then (
            select coalesce(jsonb_agg(ops.masked(element, personal) order by place), '[]')
            from jsonb_array_elements(record) with ordinality as elements (element, place)
        )
        when 'object' then (
            select coalesce(
                jsonb_object_agg(
                    regexp_replace(key, address, 'masked', 'g'),
                    case when key = any(personal) and value <> 'null' then '"masked"' else ops.masked(value, personal) end
                ),
                '{}'
            )
            from jsonb_each(record)
        )
        else record
    end;
end
$$;

alter table ops.erasures add column failing_rows bigint not null default 0;

-- How many records each base model took of each load and how many it set aside, by reason: written in the transaction
-- that takes them, so that they are the model's own books.
create table ops.quarantine_by_load (
    model text not null,
    load_order bigint not null,
    records bigint not null,
    quarantined bigint not null,
    reasons jsonb not null,
    primary key (model, load_order)
);

-- A test's results, each once a build. Skipped tests judged nothing.
create view ops.test_results as
select
    result.invocation_id,
    result.node_id,
    coalesce(test.name, split_part(result.node_id, '.', 3)) as name,
    coalesce(test.dimension, 'unknown') as dimension,
    coalesce(test.source, '') as source,
    coalesce(test.model, '') as model,
    coalesce(test.owner, '') as owner,
    case when result.status in ('error', 'runtime error') then 'fail' else result.status end as verdict,
    result.failures,
    result.message,
    coalesce(build.started_at, result.recorded_at) as judged_at,
    (coalesce(build.started_at, result.recorded_at) at time zone 'UTC')::date as judged_on
from ops.dbt_results as result
left join ops.dbt_tests as test using (node_id)
left join ops.builds as build using (invocation_id)
where result.resource_type = 'test' and result.status in ('pass', 'warn', 'fail', 'error', 'runtime error');

create view ops.data_quality_daily as
select
    judged_on as date,
    dimension,
    source,
    model,
    owner,
    count(*) as tests,
    count(*) filter (where verdict = 'pass') as passed,
    count(*) filter (where verdict = 'warn') as warned,
    count(*) filter (where verdict = 'fail') as failed,
    round(count(*) filter (where verdict = 'pass') / count(*)::numeric, 4) as pass_rate
from ops.test_results
group by judged_on, dimension, source, model, owner;

-- Tests whose last result is not a pass, since when, and how many of their rows are kept. What was not run for a week
-- before the last build is no test any more.
create view ops.failing_tests as
select
    test.node_id,
    test.name,
    test.dimension,
    test.source,
    test.model,
    test.owner,
    case latest.status when 'warn' then 'warn' else 'fail' end as verdict,
    latest.failures,
    latest.message,
    latest.recorded_at as judged_at,
    (
        select min(result.recorded_at)
        from ops.dbt_results as result
        where result.node_id = test.node_id
            and result.status in ('warn', 'fail', 'error', 'runtime error')
            and result.recorded_at > coalesce(
                (
                    select max(passed.recorded_at)
                    from ops.dbt_results as passed
                    where passed.node_id = test.node_id and passed.status = 'pass'
                ),
                '-infinity'
            )
    ) as failing_since,
    (select count(*) from ops.test_failures as kept where kept.node_id = test.node_id) as kept_rows
from ops.dbt_tests as test
cross join lateral (
    select status, failures, message, recorded_at
    from ops.dbt_results as result
    where result.node_id = test.node_id
        and result.status in ('pass', 'warn', 'fail', 'error', 'runtime error')
    order by recorded_at desc
    limit 1
) as latest
where latest.status <> 'pass'
    and latest.recorded_at > (select max(started_at) from ops.builds) - interval '7 days';

-- Only what the pipelines' own models set aside: a developer's are called otherwise.
create view ops.quarantine_daily as
select
    (load.committed_at at time zone 'UTC')::date as date,
    load.source,
    load.stream,
    sum(held.records)::bigint as records,
    sum(held.quarantined)::bigint as quarantined,
    round(sum(held.quarantined) / nullif(sum(held.records), 0), 6) as share
from ops.quarantine_by_load as held
inner join ops.loads as load using (load_order)
where starts_with(held.model, 'base.')
group by 1, 2, 3;

-- What is in quarantine now, by the books: neither a scrape nor an alert reads base.
create view ops.quarantine_now as
select
    load.source,
    load.stream,
    sum(held.quarantined)::bigint as rows,
    sum(held.records)::bigint as records,
    (sum(held.quarantined) / nullif(sum(held.records), 0))::float8 as share
from ops.quarantine_by_load as held
inner join ops.loads as load using (load_order)
where starts_with(held.model, 'base.')
group by load.source, load.stream;

create view ops.quarantine_reasons as
select
    load.source,
    load.stream,
    reason.key as reason,
    sum(reason.value::bigint)::bigint as records,
    max(load.committed_at) as last_at
from ops.quarantine_by_load as held
inner join ops.loads as load using (load_order)
cross join lateral jsonb_each_text(held.reasons) as reason
where starts_with(held.model, 'base.')
group by 1, 2, 3;

-- What each table was made of when it was last built, views between them left out; streams are called source.stream.
create view ops.lineage as
select distinct stream as input, model
from ops.model_takes
where starts_with(model, 'base.')
union
select input, model
from ops.model_inputs
where split_part(model, '.', 1) in ('staging', 'intermediate', 'marts')
    and split_part(input, '.', 1) in ('base', 'staging', 'intermediate', 'marts');

create index dbt_results_by_node on ops.dbt_results (node_id, recorded_at desc);

revoke execute on function ops.masked(jsonb, text[]) from public;
grant execute on function ops.masked(jsonb, text[]) to transformer;
grant select, insert, update on ops.dbt_tests to transformer;
grant select, insert, delete on ops.test_failures to transformer;
grant select, insert, update, delete on ops.quarantine_by_load to transformer;
grant select on ops.dbt_tests, ops.test_failures to reporter;
grant select on
    ops.test_results, ops.data_quality_daily, ops.failing_tests, ops.quarantine_daily, ops.quarantine_now,
    ops.quarantine_reasons,
    ops.lineage
to reporter, transformer, extractor;
