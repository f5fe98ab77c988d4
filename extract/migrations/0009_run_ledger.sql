-- Who ran what, with which image, what it cost, whether it still lives, and what is wrong now: the figures that the
-- marts, the page, the metrics and the alerts all read from here.

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

-- What the webhook was told last, a row a trouble that is still open.
create table ops.alerts (
    key text primary key,
    severity text not null,
    summary text not null,
    since timestamptz not null,
    told_at timestamptz not null default clock_timestamp()
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

-- How each command of a pipeline stands; all builds of a selector are one. What was skipped or stopped is neither a
-- success nor a failure.
create view ops.command_health as
with endings as materialized (
    select *, case kind when 'build' then 'build' else command end as task
    from ops.endings
),

whole as (
    select
        kind,
        pipeline,
        task,
        max(started_at) as last_started_at,
        max(started_at) filter (where status = 'done') as last_good_start,
        max(ended_at) filter (where status = 'done') as last_done_at,
        max(coalesce(ended_at, started_at)) filter (where status in ('failed', 'killed')) as last_failed_at,
        count(*) filter (where status = 'done' and started_at > clock_timestamp() - interval '7 days') as done_7d,
        count(*) filter (
            where status in ('failed', 'killed') and started_at > clock_timestamp() - interval '7 days'
        ) as broken_7d
    from endings
    group by kind, pipeline, task
)

select distinct on (whole.kind, whole.pipeline, whole.task)
    whole.pipeline,
    whole.kind,
    whole.task,
    endings.run_id as last_run_id,
    endings.status as last_status,
    endings.started_at as last_started_at,
    coalesce(endings.error, case endings.status when 'killed' then 'ended without a word' end) as last_error,
    endings.requests as last_requests,
    endings.retries as last_retries,
    whole.last_done_at,
    whole.last_failed_at,
    failing.since as failing_since,
    round(whole.done_7d::numeric / nullif(whole.done_7d + whole.broken_7d, 0), 4) as success_rate_7d
from whole
inner join endings
    on whole.kind = endings.kind and whole.pipeline = endings.pipeline and whole.task = endings.task
    and whole.last_started_at = endings.started_at
left join lateral (
    select min(broken.started_at) as since
    from endings as broken
    where broken.kind = whole.kind and broken.pipeline = whole.pipeline and broken.task = whole.task
        and broken.status in ('failed', 'killed')
        and broken.started_at > coalesce(whole.last_good_start, '-infinity')
) as failing on true
order by whole.kind, whole.pipeline, whole.task, endings.run_id;

-- One row a pipeline and kind, expected ones that never ran included. Late is one that has not started for longer than
-- expected and half of that again (an hour at most).
create view ops.pipeline_health as
with known as (
    select * from ops.command_health
    where task in ('run', 'build')
),

expected as (
    select pipelines.pipeline, unnest(pipelines.kinds) as kind, pipelines.expected_every, pipelines.expected_since
    from ops.pipelines
    where pipelines.expected_every is not null
)

select
    coalesce(known.pipeline, expected.pipeline) as pipeline,
    coalesce(known.kind, expected.kind) as kind,
    known.last_run_id,
    known.last_status,
    known.last_started_at,
    known.last_done_at,
    known.last_failed_at,
    known.failing_since,
    known.success_rate_7d,
    expected.expected_every,
    coalesce(due.due_at + least(expected.expected_every / 2, interval '1 hour') < clock_timestamp(), false) as is_late,
    owners.owner,
    known.last_error,
    due.due_at
from known
full join expected on known.pipeline = expected.pipeline and known.kind = expected.kind
cross join lateral (
    select greatest(known.last_started_at, expected.expected_since) + expected.expected_every as due_at
) as due
left join ops.pipelines as owners on owners.pipeline = coalesce(known.pipeline, expected.pipeline);

-- One row a stream. The usual gap is the median time from one run that finished a sweep of it to the next, of the last
-- 14 days, and null before there are five; late is what brought nothing for twice the greater of that and what is
-- expected. `watermark_at` is that of the part furthest behind, where it is a time at all.
create view ops.stream_lag as
with finished as (
    select source, stream, run_id, max(ended_at) as ended_at
    from ops.sweeps
    where status = 'finished' and kind in ('incremental', 'full') and ended_at > clock_timestamp() - interval '14 days'
    group by source, stream, run_id
),

gaps as (
    select source, stream, ended_at - lag(ended_at) over (partition by source, stream order by ended_at) as gap
    from finished
),

rhythm as (
    select
        source,
        stream,
        case
            when count(gap) >= 5
                then make_interval(secs => percentile_cont(0.5) within group (order by extract(epoch from gap)::float8))
        end as usual_gap
    from gaps
    group by source, stream
),

marks as (
    select
        cursors.source,
        cursors.stream,
        cursors.watermark #>> '{}' as mark,
        jsonb_typeof(cursors.watermark) = 'number' or cursors.watermark #>> '{}' ~ '^[0-9]{10,19}$' as is_number
    from ops.cursors
    where not exists (
        select from ops.stream_parts as parts
        where parts.source = cursors.source and parts.stream = cursors.stream and parts.part = cursors.shard
            and parts.retired_at is not null
    )
),

watermarks as (
    select
        source,
        stream,
        min(case
            when is_number then to_timestamp(
                mark::numeric / case when mark::numeric > 1e17 then 1e9 when mark::numeric > 1e14 then 1e6
                    when mark::numeric > 1e11 then 1e3 else 1 end
            )
            when mark ~ '^[0-9]{4}-[0-9]{2}-[0-9]{2}' and pg_input_is_valid(mark, 'timestamptz') then mark::timestamptz
        end) as watermark_at
    from marks
    group by source, stream
),

loaded as (
    select streams.source, streams.stream, newest.committed_at as last_load_at
    from (select distinct source, stream from ops.stream_parts) as streams
    cross join lateral (
        select loads.committed_at
        from ops.loads
        where loads.source = streams.source and loads.stream = streams.stream
        order by loads.load_order desc
        limit 1
    ) as newest
)

select
    loaded.source,
    loaded.stream,
    loaded.last_load_at,
    watermarks.watermark_at,
    rhythm.usual_gap,
    clock_timestamp() - loaded.last_load_at as lag,
    coalesce(
        loaded.last_load_at + 2 * greatest(rhythm.usual_gap, pipelines.expected_every) < clock_timestamp(), false
    ) as is_late
from loaded
left join rhythm using (source, stream)
left join watermarks using (source, stream)
left join ops.pipelines on loaded.source = pipelines.pipeline;

-- Open dead letters, without what they hold.
create view ops.open_dead_letters as
select source, stream, count(*) as letters, min(created_at) as since
from ops.dead_letters
where status = 'open'
group by source, stream;

-- What each schema takes on disk, indexes included, and what that costs a month; null without a price.
create view ops.storage as
select
    namespaces.nspname as schema,
    count(*) filter (where relations.relkind in ('r', 'm')) as relations,
    coalesce(sum(pg_total_relation_size(relations.oid)) filter (where relations.relkind in ('r', 'm')), 0)::bigint as bytes,
    round(
        coalesce(sum(pg_total_relation_size(relations.oid)) filter (where relations.relkind in ('r', 'm')), 0) / 1e9
        * (select prices.gb_month from ops.prices order by prices.valid_from desc limit 1),
        6
    ) as cost_a_month
from pg_namespace as namespaces
left join pg_class as relations on namespaces.oid = relations.relnamespace
where namespaces.nspname !~ '^(pg_|information_schema$)'
group by namespaces.nspname;

-- What is wrong now, a row a trouble: what the metrics count and the alerts tell. What nobody expects (a selection built
-- by hand) is forgotten after a day.
create view ops.open_trouble as
select
    'failed ' || health.kind || ' ' || health.pipeline || ' ' || health.task as key,
    case health.last_status when 'killed' then 'run_killed' else 'run_failed' end as trouble,
    'error' as severity,
    health.pipeline,
    health.task || ' of ' || health.pipeline || case health.last_status when 'killed' then ' was killed' else ' failed' end
        || coalesce(': ' || health.last_error, '') as summary,
    coalesce(health.failing_since, health.last_started_at) as since,
    null::bigint as rows,
    pipelines.owner,
    health.last_done_at as last_good_at
from ops.command_health as health
left join ops.pipelines using (pipeline)
where health.failing_since is not null
    and (pipelines.expected_every is not null or health.last_failed_at > clock_timestamp() - interval '1 day')
union all
select
    'late ' || kind || ' ' || pipeline,
    'run_late',
    'error',
    pipeline,
    case kind when 'build' then 'build of ' else 'run of ' end || pipeline
        || coalesce(
            ' has not started since ' || to_char(last_started_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
            ' has never started'
        ) || ', expected every ' || expected_every,
    due_at,
    null,
    owner,
    last_done_at
from ops.pipeline_health
where is_late
union all
select
    'stale ' || lag.source || '.' || lag.stream,
    'stream_stale',
    'warning',
    lag.source,
    lag.source || '.' || lag.stream || ' brought nothing since '
        || to_char(lag.last_load_at at time zone 'UTC', 'YYYY-MM-DD HH24:MI "UTC"'),
    lag.last_load_at,
    null,
    pipelines.owner,
    lag.last_load_at
from ops.stream_lag as lag
left join ops.pipelines on lag.source = pipelines.pipeline
where lag.is_late
union all
select
    'letters ' || letters.source || '.' || letters.stream,
    'dead_letters',
    'warning',
    letters.source,
    letters.source || '.' || letters.stream || ' has open dead letters',
    letters.since,
    letters.letters,
    pipelines.owner,
    null
from ops.open_dead_letters as letters
left join ops.pipelines on letters.source = pipelines.pipeline
union all
select
    'retries ' || health.pipeline || ' ' || health.task,
    'retry_storm',
    'warning',
    health.pipeline,
    health.task || ' of ' || health.pipeline || ' had to ask again for ' || health.last_retries || ' of '
        || health.last_requests || ' requests',
    health.last_started_at,
    null,
    pipelines.owner,
    health.last_done_at
from ops.command_health as health
left join ops.pipelines using (pipeline)
where health.last_retries >= 20 and health.last_retries > health.last_requests / 4;

-- How many records of each stream are in quarantine now, and which share that is of about all that base holds; null
-- before base was analyzed. Counts rows: not for every scrape.
create function ops.quarantine_shares() returns table (source text, stream text, rows bigint, share double precision)
language plpgsql stable set search_path = pg_catalog as $$
declare
    found record;
begin
    for found in
        select relations.relname as name, split_part(substring(relations.relname from 12), '__', 1) as source,
            substring(relations.relname from '__(.+)$') as stream, bases.reltuples as records
        from pg_class as relations
        left join pg_class as bases
            on bases.relname = 'base_' || substring(relations.relname from 12)
            and bases.relnamespace = (select oid from pg_namespace where nspname = 'base')
        where relations.relnamespace = (select oid from pg_namespace where nspname = 'quarantine')
            and relations.relname ~ '^quarantine_.+__.+$' and has_table_privilege(relations.oid, 'select')
        order by relations.relname
    loop
        execute format('select count(*) from quarantine.%I', found.name) into rows;
        source := found.source;
        stream := found.stream;
        share := case when found.records >= 0 then rows / nullif(greatest(found.records, rows), 0)::float8 end;
        return next;
    end loop;
end
$$;

revoke execute on function ops.temp_bytes(), ops.quarantine_shares() from public;
grant execute on function ops.temp_bytes(), ops.quarantine_shares() to extractor, transformer, maintainer, reporter;
grant select on
    ops.endings, ops.run_ledger, ops.run_steps, ops.command_health, ops.pipeline_health, ops.stream_lag,
    ops.open_dead_letters, ops.storage, ops.open_trouble, ops.pipelines, ops.prices
to extractor, transformer, reporter;
grant insert, update on ops.pipelines to extractor, transformer;
grant insert on ops.prices to extractor, transformer;
grant select, insert, update, delete on ops.alerts to reporter;
