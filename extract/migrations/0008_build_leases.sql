-- What dbt is at work on, so that two builds never share a relation. `builds`: the invocation makes the relation anew or
-- drops it on its way; else it only reads it, which others may do beside it. Nobody sends heartbeats: an invocation is
-- alive while one of its sessions is seen (see build_is_alive), and each model asserts the lease in its transaction.
create table ops.build_leases (
    relation text not null,
    invocation_id text not null,
    builds boolean not null,
    holder text not null default concat_ws(' at ', session_user, host(inet_client_addr())),
    taken_at timestamptz not null default clock_timestamp(),
    primary key (relation, invocation_id)
);
create index build_leases_by_invocation on ops.build_leases (invocation_id);

-- Whether a session of the invocation is there now: each of its statements begins with the project's query-comment.
-- Between two nodes a living build has no session for a moment, so only a long silence is a death.
create function ops.build_sessions(invocation text) returns setof integer
language sql set search_path = pg_catalog as $$
    select pid
    from pg_stat_activity
    where datname = current_database()
        and pid <> pg_backend_pid()
        and starts_with(query, '/* {"app": "dbt", "invocation_id": "' || invocation || '"')
$$;

-- Takes the lease of all relations, or of none: no row means taken; else who holds some of them, and whether it is seen.
-- `silent` are invocations that were not seen for long: if that is still so, their leases fall to whoever wants them.
-- A model of theirs that is still about to commit is waited for, since it holds its lease's row.
create function ops.take_build_lease(me text, built text[], read text[], silent text[])
returns table (invocation_id text, holder text, relation text, taken_at timestamptz, is_seen boolean)
language plpgsql set search_path = pg_catalog as $$
#variable_conflict use_column
begin
    lock table ops.build_leases in share row exclusive mode;
    with dead as (
        delete from ops.build_leases as leases
        where leases.invocation_id = any(silent)
            and not exists (select from ops.build_sessions(leases.invocation_id))
        returning leases.invocation_id
    )
    update ops.builds as builds
    set ended_at = clock_timestamp(), error = 'ended without a word'
    where builds.invocation_id in (select dead.invocation_id from dead) and builds.ended_at is null;

    return query
    select distinct on (held.invocation_id)
        held.invocation_id, held.holder, held.relation, held.taken_at,
        exists (select from ops.build_sessions(held.invocation_id))
    from ops.build_leases as held
    where held.invocation_id <> me
        and (held.relation = any(built) or (held.builds and held.relation = any(read)))
    order by held.invocation_id, held.relation;

    if not found then
        insert into ops.build_leases (relation, invocation_id, builds)
        select wanted, me, true from unnest(built) as wanted
        union all
        select wanted, me, false from unnest(read) as wanted where wanted <> all(built);
    end if;
end
$$;

-- In a model's transaction: its lease is still its own, and stays so until the commit.
create function ops.assert_build_lease(me text, model text) returns void
language plpgsql set search_path = pg_catalog as $$
begin
    perform from ops.build_leases
    where relation = model and invocation_id = me and builds
    for share;
    if not found then
        raise exception 'the build lease of % was taken over by another build: nothing was changed', model
            using hint = 'This build was not seen for long. Run it again.';
    end if;
end
$$;

-- How a build that `extract build` started has ended; one by hand has ended_at only.
alter table ops.builds add column exit_code integer, add column error text;

create view ops.build_history as
select invocation_id, command, started_at, ended_at, exit_code, error from ops.builds;

revoke execute on function
    ops.build_sessions(text), ops.take_build_lease(text, text[], text[], text[]), ops.assert_build_lease(text, text)
from public;
grant execute on function
    ops.build_sessions(text), ops.take_build_lease(text, text[], text[], text[]), ops.assert_build_lease(text, text)
to transformer;
grant select, insert, update, delete on ops.build_leases to transformer;
grant select on ops.build_history, ops.build_leases to reporter, extractor;
