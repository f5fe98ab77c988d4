-- Which of dbt's targets a build was for. A developer's build, or a pull request's, says nothing of how production stands.

alter table ops.builds add column target text not null default 'prod';

create view ops.production_results as
select result.*
from ops.dbt_results as result
left join ops.builds as build using (invocation_id)
where coalesce(build.target, 'prod') = 'prod';

create or replace view ops.command_health as
with endings as (
    select
        *,
        case kind when 'build' then 'build' else command end as task,
        status in ('failed', 'killed') as is_broken,
        started_at > clock_timestamp() - interval '7 days' as is_recent
    from ops.endings
    where started_at > clock_timestamp() - interval '35 days'
        and run_id not in (select invocation_id from ops.builds where target <> 'prod')
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

create or replace view ops.test_results as
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
from ops.production_results as result
left join ops.dbt_tests as test using (node_id)
left join ops.builds as build using (invocation_id)
where result.resource_type = 'test' and result.status in ('pass', 'warn', 'fail', 'error', 'runtime error');

create or replace view ops.failing_tests as
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
        from ops.production_results as result
        where result.node_id = test.node_id
            and result.status in ('warn', 'fail', 'error', 'runtime error')
            and result.recorded_at > coalesce(
                (
                    select max(passed.recorded_at)
                    from ops.production_results as passed
                    where passed.node_id = test.node_id and passed.status = 'pass'
                ),
                '-infinity'
            )
    ) as failing_since,
    (select count(*) from ops.test_failures as kept where kept.node_id = test.node_id) as kept_rows
from ops.dbt_tests as test
cross join lateral (
    select status, failures, message, recorded_at
    from ops.production_results as result
    where result.node_id = test.node_id
        and result.status in ('pass', 'warn', 'fail', 'error', 'runtime error')
    order by recorded_at desc
    limit 1
) as latest
where latest.status <> 'pass'
    and latest.recorded_at > (select max(started_at) from ops.builds where target = 'prod') - interval '7 days';

grant select on ops.production_results to transformer, extractor, reporter;
