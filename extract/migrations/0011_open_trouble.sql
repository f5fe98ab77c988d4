-- What is wrong now, and of what the webhook was told.

-- What the webhook was told last, a row a trouble that is still open.
create table ops.alerts (
    key text primary key,
    severity text not null,
    summary text not null,
    since timestamptz not null,
    told_at timestamptz not null default clock_timestamp()
);

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
with healths as materialized (
    select * from ops.command_health
)

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
from healths as health
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
from healths as health
left join ops.pipelines using (pipeline)
where health.last_retries >= 20 and health.last_retries > health.last_requests / 4;

grant select on ops.open_dead_letters, ops.storage, ops.open_trouble to extractor, transformer, reporter;
grant select, insert, update, delete on ops.alerts to reporter;
