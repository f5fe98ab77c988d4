-- Request budgets: what all workers may ask of an API together, and until when it wants to hear nothing.
-- The units granted so far last until spent_until at the steady rate of 60 / (per_minute - burst) seconds each; a
-- grant lies at most `burst` units before that. So any 60 seconds hold at most (per_minute - burst) + burst units.
-- `changes` counts what makes reserved slots void: a pause, or news of use by others.
create table ops.request_budgets (
    name text primary key,
    spent_until timestamptz not null default clock_timestamp(),
    blocked_until timestamptz not null default '-infinity',
    changes bigint not null default 0
) with (fillfactor = 50);

-- Reserves the next slot for `cost` units and says in how many seconds it comes. Slots come in the order they are
-- asked for. Who has waited calls again with the slot's ticket: 0 seconds mean go. During a pause nothing is
-- reserved; the answer is how long it lasts, without a ticket.
create function ops.take_from_budget(
    budget text, cost integer, per_minute integer, burst integer, held bigint,
    out wait_seconds double precision, out paused boolean, out ticket bigint
)
language plpgsql security definer set search_path = pg_catalog as $$
declare
    -- Rounded up, since intervals count microseconds.
    unit constant double precision := ceil(60e6 / (per_minute - burst)) / 1e6;
    known ops.request_budgets;
    moment timestamptz;
begin
    -- A grant lost in a crash of the server does no harm, and waiting for the disk under the row's lock does.
    perform set_config('synchronous_commit', 'off', true);
    loop
        select * into known from ops.request_budgets where name = budget for update;
        exit when found;
        insert into ops.request_budgets (name) values (budget) on conflict do nothing;
    end loop;
    moment := clock_timestamp();
    paused := known.blocked_until > moment;
    if paused then
        wait_seconds := extract(epoch from known.blocked_until - moment);
        return;
    end if;
    ticket := known.changes;
    if held = ticket then
        wait_seconds := 0;
        return;
    end if;
    known.spent_until := greatest(known.spent_until, moment) + make_interval(secs => unit * cost);
    update ops.request_budgets set spent_until = known.spent_until where name = budget;
    wait_seconds := greatest(0, extract(epoch from known.spent_until - moment) - unit * burst);
end
$$;

-- No call of any worker for so many seconds, at most 30 days; afterwards the steady rate, without a burst.
create function ops.pause_budget(
    budget text, seconds double precision, per_minute integer, burst integer
) returns void
language sql security definer set search_path = pg_catalog as $$
    insert into ops.request_budgets as known (name, spent_until, blocked_until)
    select budget, until + make_interval(secs => burst * 60.0 / (per_minute - burst)), until
    from (select clock_timestamp() + make_interval(secs => least(seconds, 2592000)) as until) as pause
    on conflict (name) do update
    set blocked_until = greatest(known.blocked_until, excluded.blocked_until),
        spent_until = greatest(known.blocked_until, excluded.blocked_until)
            + (excluded.spent_until - excluded.blocked_until),
        changes = known.changes + 1
$$;

-- The API says that `remaining` units are left to everybody for `seconds`. Moves spent_until so that no more than
-- these are granted in this time; reserved slots become void where that is more than a second's difference.
create function ops.correct_budget(
    budget text, remaining double precision, seconds double precision, per_minute integer, burst integer
) returns void
language sql security definer set search_path = pg_catalog as $$
    update ops.request_budgets as known
    set spent_until = goal.spent_until,
        changes = known.changes + (goal.spent_until > known.spent_until + interval '1 second')::int
    from (
        select clock_timestamp() + make_interval(
            secs => least(seconds, 86400) + (burst - remaining) * 60 / (per_minute - burst)
        ) as spent_until
    ) as goal
    where known.name = budget and goal.spent_until > known.spent_until
$$;

revoke execute on function
    ops.take_from_budget(text, integer, integer, integer, bigint),
    ops.pause_budget(text, double precision, integer, integer),
    ops.correct_budget(text, double precision, double precision, integer, integer)
from public;
grant execute on function
    ops.take_from_budget(text, integer, integer, integer, bigint),
    ops.pause_budget(text, double precision, integer, integer),
    ops.correct_budget(text, double precision, double precision, integer, integer)
to extractor;
