-- Raw, the ledger and what models remember. Applied by `extract init` as role maintainer.
create schema raw;
create schema ops;

-- Runs: one row a command, whatever its end.
create table ops.runs (
    run_id uuid primary key,
    source text not null,
    command text not null,
    status text not null default 'running'
        check (status in ('running', 'done', 'failed', 'skipped', 'stopped')),
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    exit_code integer,
    error text,
    host text,
    version text,
    requests bigint not null default 0,
    retries bigint not null default 0,
    bytes_received bigint not null default 0,
    peak_memory_bytes bigint
);
create index runs_by_source on ops.runs (source, started_at desc);

-- Sweeps: one pass over a stream. `since` is where it began, `position` where to go on, `watermark` what it earned.
create table ops.sweeps (
    sweep_id bigint generated always as identity primary key,
    source text not null,
    stream text not null,
    shard text not null default '',
    kind text not null check (kind in ('incremental', 'full')),
    status text not null default 'running' check (status in ('running', 'finished', 'failed')),
    run_id uuid not null references ops.runs,
    since jsonb,
    position jsonb,
    watermark jsonb,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz,
    served bigint not null default 0,
    records bigint not null default 0,
    dead_letters bigint not null default 0,
    restarts integer not null default 0
);
create index sweeps_by_stream on ops.sweeps (source, stream, shard, sweep_id desc);

-- Load ids are taken before the COPY, places in the commit order under a lock just before the commit.
create sequence ops.load_ids;
create sequence ops.load_orders;

create table ops.loads (
    load_id bigint primary key,
    load_order bigint not null unique,
    sweep_id bigint not null references ops.sweeps,
    run_id uuid not null references ops.runs,
    source text not null,
    stream text not null,
    shard text not null default '',
    loaded_on date not null,
    pages integer not null,
    records bigint not null,
    dead_letters bigint not null default 0,
    bytes bigint not null,
    position jsonb,
    finishes_sweep boolean not null default false,
    replays_load_id bigint references ops.loads,
    started_at timestamptz not null,
    committed_at timestamptz not null default clock_timestamp()
);
create index loads_by_stream on ops.loads (source, stream, load_order);

-- Cursors: the watermark of the last finished sweep.
create table ops.cursors (
    source text not null,
    stream text not null,
    shard text not null default '',
    watermark jsonb not null,
    sweep_id bigint not null references ops.sweeps,
    updated_at timestamptz not null default clock_timestamp(),
    primary key (source, stream, shard)
);

-- Leases: one writer a name; the token only grows and fences what an expired holder still tries to commit.
create table ops.leases (
    name text primary key,
    holder text not null,
    run_id uuid,
    token bigint not null,
    acquired_at timestamptz not null,
    heartbeat_at timestamptz not null,
    expires_at timestamptz not null
);

create table ops.dead_letters (
    dead_letter_id bigint generated always as identity primary key,
    load_id bigint not null,
    sweep_id bigint not null references ops.sweeps,
    source text not null,
    stream text not null,
    page integer not null,
    position integer not null,
    reason text not null,
    context jsonb,
    served_at timestamptz,
    bytes bytea not null,
    status text not null default 'open' check (status in ('open', 'replayed', 'discarded')),
    mended_by_load_id bigint,
    created_at timestamptz not null default clock_timestamp()
);
create index dead_letters_open on ops.dead_letters (source, stream) where status = 'open';

create table ops.erasures (
    source text not null,
    subject text not null,
    erased_at timestamptz not null,
    applied_at timestamptz not null default clock_timestamp(),
    raw_records bigint not null,
    dead_letters bigint not null,
    primary key (source, subject, applied_at)
);

-- Builds freeze one upper bound at their start; each model records which loads it took of each stream,
-- in the transaction that changes it, and up to which take of each parent it has read.
create table ops.builds (
    invocation_id text primary key,
    command text,
    load_order bigint not null,
    take_id bigint not null,
    started_at timestamptz not null default clock_timestamp(),
    ended_at timestamptz
);

create table ops.model_takes (
    take_id bigint generated always as identity primary key,
    invocation_id text not null,
    model text not null,
    stream text not null,
    from_order bigint not null,
    to_order bigint not null,
    full_refresh boolean not null,
    taken_at timestamptz not null default clock_timestamp(),
    check (from_order <= to_order)
);
create index model_takes_by_model on ops.model_takes (model, take_id);

create table ops.model_inputs (
    model text not null,
    input text not null,
    take_id bigint not null,
    primary key (model, input)
);

create table ops.dbt_results (
    invocation_id text not null,
    node_id text not null,
    resource_type text not null,
    status text not null,
    seconds numeric not null,
    rows_affected bigint,
    failures bigint,
    message text,
    recorded_at timestamptz not null default clock_timestamp(),
    primary key (invocation_id, node_id)
);

-- A stream's raw table, the same for every source.
create function ops.create_raw_table(table_name text) returns void
language plpgsql set search_path = pg_catalog as $$
begin
    execute format(
        'create table if not exists raw.%I (
            load_id bigint not null,
            load_position integer not null,
            loaded_on date not null,
            extracted_at timestamptz not null,
            served_at timestamptz,
            context jsonb,
            record jsonb not null
        ) partition by range (loaded_on)', table_name);
    execute format(
        'create index if not exists %I on raw.%I using brin (load_id) with (pages_per_range = 16, autosummarize = on)',
        table_name || '_load_id', table_name);
end
$$;

-- A day's partition, made beside its table and then attached, so that no reader is blocked for long.
-- security definer: the extractor may ask for today's partition without owning raw.
create function ops.ensure_partition(table_name text, day date) returns boolean
language plpgsql security definer set search_path = pg_catalog set lock_timeout = '5s' as $$
declare
    part text := table_name || '_' || to_char(day, 'YYYYMMDD');
begin
    if to_regclass(format('raw.%I', part)) is not null then
        return false;
    end if;
    perform pg_advisory_xact_lock(hashtext('raw.' || part));
    if to_regclass(format('raw.%I', part)) is not null then
        return false;
    end if;
    execute format('create table raw.%I (like raw.%I including all)', part, table_name);
    execute format('alter table raw.%I attach partition raw.%I for values from (%L) to (%L)',
                   table_name, part, day, day + 1);
    return true;
end
$$;
revoke execute on function ops.create_raw_table(text), ops.ensure_partition(text, date) from public;

-- What people without access to the ledger may see: no bytes, no positions, no personal data.
create view ops.stream_status as
select
    s.source,
    s.stream,
    s.shard,
    c.watermark,
    s.status as last_sweep_status,
    s.started_at as last_sweep_started_at,
    s.ended_at as last_sweep_ended_at,
    l.last_load_at,
    coalesce(l.records, 0) as records,
    coalesce(l.dead_letters, 0) as dead_letters
from (
    select distinct on (source, stream, shard) *
    from ops.sweeps
    order by source, stream, shard, sweep_id desc
) as s
left join ops.cursors as c using (source, stream, shard)
left join (
    select source, stream, shard, max(committed_at) as last_load_at,
        sum(records) as records, sum(dead_letters) as dead_letters
    from ops.loads
    group by source, stream, shard
) as l using (source, stream, shard);

create view ops.run_history as
select run_id, source, command, status, started_at, ended_at, exit_code, error, requests, retries, bytes_received
from ops.runs;

create view ops.build_results as
select r.invocation_id, b.started_at, r.node_id, r.resource_type, r.status, r.seconds, r.rows_affected, r.failures
from ops.dbt_results as r
left join ops.builds as b using (invocation_id);

-- Privileges: each role just what its step needs. The roles exist before this file runs.
grant usage on schema raw to extractor, transformer;
grant usage on schema ops to extractor, transformer, reporter;
grant insert on all tables in schema raw to extractor;
alter default privileges in schema raw grant insert on tables to extractor;
alter default privileges in schema raw grant select on tables to transformer;
grant select, insert, update on ops.runs, ops.sweeps, ops.cursors, ops.leases, ops.dead_letters to extractor;
grant delete on ops.leases to extractor;
grant select, insert on ops.loads to extractor;
grant usage on sequence ops.load_ids, ops.load_orders to extractor;
grant execute on function ops.ensure_partition(text, date) to extractor;
grant select on all tables in schema ops to transformer;
revoke select on ops.dead_letters, ops.erasures from transformer;
grant insert, update on ops.builds, ops.model_inputs to transformer;
grant insert on ops.model_takes, ops.dbt_results to transformer;
grant select on ops.stream_status, ops.run_history, ops.build_results to reporter, extractor;
