-- Who ran what, with which image, what it cost, and whether it still lives: the figures that the marts, the page, the
-- metrics and the alerts all read from here.

-- What a run or a build used. WAL and temporary bytes are the server's and the database's while it was on: beside
-- others, their work is in them. `session` is the application_name by which the process is seen (see ops.endings).
alter table ops.runs
    add column image text,
    add column revision text,
    add column throttled_seconds numeric,
    add column cpu_seconds numeric,
    add column session text,
    add column wal_from pg_lsn,
    add column wal_bytes bigint,
    add column temp_from bigint,
    add column temp_bytes bigint;
alter table ops.builds
    add column selector text,
    add column host text,
    add column image text,
    add column revision text,
    add column cpu_seconds numeric,
    add column peak_memory_bytes bigint,
    add column session text,
    add column wal_from pg_lsn,
    add column wal_bytes bigint,
    add column temp_from bigint,
    add column temp_bytes bigint;

create function ops.temp_bytes() returns bigint
language sql stable set search_path = pg_catalog as $$
    select pg_stat_get_db_temp_bytes(oid) from pg_database where datname = current_database()
$$;
alter table ops.runs
    alter column session set default current_setting('application_name'),
    alter column wal_from set default pg_current_wal_insert_lsn(),
    alter column temp_from set default ops.temp_bytes();
alter table ops.builds
    alter column session set default current_setting('application_name'),
    alter column wal_from set default pg_current_wal_insert_lsn(),
    alter column temp_from set default ops.temp_bytes();
create index runs_by_start on ops.runs (started_at);
create index builds_by_start on ops.builds (started_at);
create index loads_by_run on ops.loads (run_id);
create index sweeps_by_run on ops.sweeps (run_id);

-- What the configuration expects of each pipeline, so that a run that never started is missed; written by `extract init`
-- and by each run and build. One that is no longer expected keeps its row.
create table ops.pipelines (
    pipeline text primary key,
    kinds text[] not null default '{extract,build}' check (kinds <@ '{extract,build}'),
    expected_every interval check (expected_every > interval '0'),
    owner text,
    expected_since timestamptz not null default clock_timestamp()
);

-- Prices by the configuration, in any one currency, from a time on: what was run before keeps its price.
create table ops.prices (
    valid_from timestamptz primary key default clock_timestamp(),
    core_hour numeric not null check (core_hour >= 0),
    gb_month numeric not null check (gb_month >= 0),
    gb_moved numeric not null check (gb_moved >= 0)
);

-- How each run and build stands, and what it used. One without an end is alive while its process is seen: by an unexpired
-- lease of its own, or by a session under its name; after a restart of the server it has two minutes to come back. A
-- dbt that was started by hand has no name of its own: it is alive while any dbt is seen, and for ten minutes after its
-- last sign. Bytes came over the wire.
create view ops.endings as
with seen as materialized (
    select distinct application_name as session
    from pg_stat_activity
    where datname = current_database() and application_name <> ''
),

server as (
    select
        pg_postmaster_start_time() as started_at,
        pg_postmaster_start_time() > clock_timestamp() - interval '2 minutes' as has_just_started
)

select
    runs.run_id::text as run_id,
    runs.run_id as extract_id,
    'extract' as kind,
    runs.source as pipeline,
    runs.command,
    case
        when runs.status <> 'running' then runs.status
        when runs.session in (select seen.session from seen) then 'running'
        when server.has_just_started and runs.started_at < server.started_at then 'running'
        when exists (
            select from ops.leases
            where leases.run_id = runs.run_id and leases.expires_at > clock_timestamp()
        ) then 'running'
        else 'killed'
    end as status,
    runs.started_at,
    runs.ended_at,
    runs.exit_code,
    runs.error,
    runs.image,
    runs.revision,
    runs.host,
    runs.bytes_received as bytes,
    runs.requests,
    runs.retries,
    runs.throttled_seconds,
    runs.cpu_seconds,
    runs.peak_memory_bytes,
    runs.wal_bytes,
    runs.temp_bytes
from ops.runs
cross join server
union all
select
    builds.invocation_id,
    null,
    'build',
    coalesce(nullif(builds.selector, ''), substring(builds.command from '^build (.+)$'), 'everything'),
    coalesce(builds.command, 'build'),
    case
        when builds.error = 'ended without a word' then 'killed'
        when builds.exit_code = 0 then 'done'
        when builds.exit_code in (130, 143) then 'stopped'
        when builds.exit_code is not null then 'failed'
        when builds.ended_at is not null and exists (
            select from ops.dbt_results as results
            where results.invocation_id = builds.invocation_id
                and results.status in ('error', 'fail', 'runtime error', 'partial success')
        ) then 'failed'
        when builds.ended_at is not null then 'done'
        when builds.session in (select seen.session from seen) then 'running'
        when server.has_just_started and builds.started_at < server.started_at then 'running'
        when builds.session = 'dbt' and greatest(builds.started_at, (
            select max(takes.taken_at)
            from ops.model_takes as takes
            where takes.invocation_id = builds.invocation_id and takes.take_id > builds.take_id
        )) > clock_timestamp() - interval '10 minutes' then 'running'
        else 'killed'
    end,
    builds.started_at,
    builds.ended_at,
    builds.exit_code,
    builds.error,
    builds.image,
    builds.revision,
    builds.host,
    null,
    null,
    null,
    null,
    builds.cpu_seconds,
    builds.peak_memory_bytes,
    builds.wal_bytes,
    builds.temp_bytes
from ops.builds
cross join server;

-- One row a run or build. Rows are what was loaded, or written by the models. The cost is that of this process's
-- processor time, not the server's, and of what it moved, at the price of its day; null without a price.
create view ops.run_ledger as
select
    endings.run_id,
    endings.kind,
    endings.pipeline,
    endings.command,
    endings.status,
    endings.started_at,
    endings.ended_at,
    endings.exit_code,
    coalesce(endings.error, case endings.status when 'killed' then 'ended without a word' end) as error,
    endings.image,
    endings.revision,
    endings.host,
    coalesce(loaded.rows, built.rows, 0) as rows,
    endings.bytes,
    endings.requests,
    endings.retries,
    endings.throttled_seconds,
    endings.cpu_seconds,
    endings.peak_memory_bytes,
    endings.wal_bytes,
    endings.temp_bytes,
    round(
        coalesce(endings.cpu_seconds, 0) / 3600 * price.core_hour + coalesce(endings.bytes, 0) / 1e9 * price.gb_moved, 6
    ) as cost_amount
from ops.endings
left join lateral (
    select sum(loads.records)::bigint as rows
    from ops.loads
    where loads.run_id = endings.extract_id
) as loaded on true
left join lateral (
    select sum(results.rows_affected)::bigint as rows
    from ops.dbt_results as results
    where results.invocation_id = endings.run_id
        and results.resource_type in ('model', 'seed')
        and results.rows_affected > 0
) as built on true
left join lateral (
    select prices.core_hour, prices.gb_moved
    from ops.prices
    order by prices.valid_from <= endings.started_at desc, abs(extract(epoch from prices.valid_from - endings.started_at))
    limit 1
) as price on true;

-- One row a stream's (or part's) loads of a run, a dbt node, a test. When a node began is known where `extract build`
-- noted its end at once.
create view ops.run_steps as
select
    endings.run_id,
    steps.source || '.' || steps.stream || case steps.shard when '' then '' else ' ' || steps.shard end as step,
    'stream' as step_kind,
    case when steps.is_whole then 'done' else endings.status end as status,
    steps.started_at,
    steps.ended_at,
    steps.rows,
    steps.bytes,
    null::text as message
from ops.endings
cross join lateral (
    select
        touched.source,
        touched.stream,
        touched.shard,
        bool_or(touched.is_whole) as is_whole,
        min(touched.started_at) as started_at,
        max(touched.ended_at) as ended_at,
        sum(touched.rows)::bigint as rows,
        sum(touched.bytes)::bigint as bytes
    from (
        select source, stream, shard, finishes_sweep as is_whole, started_at, committed_at as ended_at, records as rows,
            loads.bytes
        from ops.loads
        where loads.run_id = endings.extract_id
        union all
        select source, stream, shard, kind = 'replay' and status = 'finished', started_at, null, 0, 0
        from ops.sweeps
        where sweeps.run_id = endings.extract_id
    ) as touched
    group by touched.source, touched.stream, touched.shard
) as steps
union all
select
    results.invocation_id,
    results.node_id,
    results.resource_type,
    case
        when results.status in ('success', 'pass') then 'done'
        when results.status in ('error', 'fail', 'runtime error', 'partial success') then 'failed'
        when results.status in ('skipped', 'no-op') then 'skipped'
        else results.status
    end,
    case when builds.session <> 'dbt' then results.recorded_at - make_interval(secs => results.seconds::float8) end,
    results.recorded_at,
    case
        when results.resource_type = 'test' then results.failures
        when results.rows_affected >= 0 then results.rows_affected
    end,
    null,
    results.message
from ops.dbt_results as results
left join ops.builds on results.invocation_id = builds.invocation_id;

revoke execute on function ops.temp_bytes() from public;
grant execute on function ops.temp_bytes() to extractor, transformer, maintainer, reporter;
grant select on ops.endings, ops.run_ledger, ops.run_steps, ops.pipelines, ops.prices to extractor, transformer, reporter;
grant insert, update on ops.pipelines to extractor, transformer;
grant insert on ops.prices to extractor, transformer;
