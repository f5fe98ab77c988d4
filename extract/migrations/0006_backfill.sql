-- A backfill's sweep is of a window: from `since` until just before `until`. It moves no cursor.
alter table ops.sweeps add column until jsonb;
create index sweeps_of_backfills on ops.sweeps (source, stream) where kind = 'backfill';

-- Where a sweep stands is known from its start, so that each load can say which state it follows.
update ops.sweeps
set position = jsonb_build_object('since', since #>> '{}', 'token', null, 'cursor', null, 'page', 0)
where position is null;
alter table ops.sweeps
    alter column position set default '{"since": null, "token": null, "cursor": null, "page": 0}',
    alter column position set not null;
