-- A stream may be read in parts (one symbol, one region), each with a cursor, a lease and sweeps of its own. `part` is
-- the part that a sweep belongs to; its shard is the part's name, and for a backfill the window's behind it.
alter table ops.sweeps add column part text not null default '';
drop index ops.sweeps_of_backfills;
create index sweeps_of_backfills on ops.sweeps (source, stream, part) where kind = 'backfill';

-- The parts that the last run was configured to read. A retired one keeps its cursor: it may come back.
create table ops.stream_parts (
    source text not null,
    stream text not null,
    part text not null,
    first_read_at timestamptz not null default clock_timestamp(),
    retired_at timestamptz,
    primary key (source, stream, part)
);
grant select, insert, update on ops.stream_parts to extractor;
grant select on ops.stream_parts to transformer;

-- A row a part, and one for replays. Windows of backfills count with their part; those begun and not finished are told.
create or replace view ops.stream_status as
with sweeps as (
    select *, case kind when 'replay' then shard else part end as name
    from ops.sweeps
),

names as (
    select source, stream, name, count(*) filter (where kind = 'backfill' and status <> 'finished') as open_windows
    from sweeps
    group by source, stream, name
),

last_sweeps as (
    select distinct on (source, stream, name) *
    from sweeps
    where kind <> 'backfill'
    order by source, stream, name, sweep_id desc
),

brought as (
    select
        sweeps.source,
        sweeps.stream,
        sweeps.name,
        max(loads.committed_at) as last_load_at,
        sum(loads.records) as records,
        sum(loads.dead_letters) as dead_letters
    from ops.loads
    inner join sweeps using (sweep_id)
    group by 1, 2, 3
)

select
    names.source,
    names.stream,
    names.name as shard,
    cursors.watermark,
    last_sweeps.status as last_sweep_status,
    last_sweeps.started_at as last_sweep_started_at,
    last_sweeps.ended_at as last_sweep_ended_at,
    brought.last_load_at,
    coalesce(brought.records, 0) as records,
    coalesce(brought.dead_letters, 0) as dead_letters,
    names.open_windows,
    parts.retired_at
from names
left join last_sweeps using (source, stream, name)
left join brought using (source, stream, name)
left join ops.cursors as cursors
    on names.source = cursors.source and names.stream = cursors.stream and names.name = cursors.shard
left join ops.stream_parts as parts
    on names.source = parts.source and names.stream = parts.stream and names.name = parts.part;

-- As before, but without waiting for the disk, since each answer may call it: a correction lost in a crash comes again
-- with the next one. Slots become void where the difference is more than a burst, whatever the rate.
create or replace function ops.correct_budget(
    budget text, remaining double precision, seconds double precision, per_minute integer, burst integer
) returns void
language plpgsql security definer set search_path = pg_catalog as $$
declare
    unit constant double precision := 60.0 / (per_minute - burst);
    goal timestamptz;
begin
    perform set_config('synchronous_commit', 'off', true);
    goal := clock_timestamp() + make_interval(secs => least(seconds, 86400) + (burst - remaining) * unit);
    update ops.request_budgets as known
    set spent_until = goal,
        changes = known.changes + (goal > known.spent_until + make_interval(secs => burst * unit))::int
    where known.name = budget and known.spent_until < goal;
end
$$;
