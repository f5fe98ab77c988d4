-- How pipelines and streams stand: whether they succeed, when they ran last, how far they are behind.

-- How each command of a pipeline stands; all builds of a selector are one. What was skipped or stopped is neither a
-- success nor a failure. Of the last 35 days: what a scrape costs must not grow with the history.
create view ops.command_health as
with endings as (
    select
        *,
        case kind when 'build' then 'build' else command end as task,
        status in ('failed', 'killed') as is_broken,
        started_at > clock_timestamp() - interval '7 days' as is_recent
    from ops.endings
    where started_at > clock_timestamp() - interval '35 days'
),

ranked as materialized (
    select
        *,
        row_number() over (partition by kind, pipeline, task order by started_at desc, run_id desc) as age,
        max(started_at) filter (where status = 'done') over (partition by kind, pipeline, task) as last_good_start
    from endings
),

whole as (
    select
        kind,
        pipeline,
        task,
        max(ended_at) filter (where status = 'done') as last_done_at,
        max(coalesce(ended_at, started_at)) filter (where is_broken) as last_failed_at,
        min(started_at) filter (
            where is_broken and started_at > coalesce(last_good_start, '-infinity')
        ) as failing_since,
        count(*) filter (where is_recent and status = 'done') as done_7d,
        count(*) filter (where is_recent and is_broken) as broken_7d
    from ranked
    group by kind, pipeline, task
)

select
    whole.pipeline,
    whole.kind,
    whole.task,
    newest.run_id as last_run_id,
    newest.status as last_status,
    newest.started_at as last_started_at,
    coalesce(newest.error, case newest.status when 'killed' then 'ended without a word' end) as last_error,
    newest.requests as last_requests,
    newest.retries as last_retries,
    whole.last_done_at,
    whole.last_failed_at,
    whole.failing_since,
    round(whole.done_7d::numeric / nullif(whole.done_7d + whole.broken_7d, 0), 4) as success_rate_7d
from whole
inner join ranked as newest
    on whole.kind = newest.kind and whole.pipeline = newest.pipeline and whole.task = newest.task and newest.age = 1;

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

grant select on ops.command_health, ops.pipeline_health, ops.stream_lag to extractor, transformer, reporter;
