-- Dead letters are mended or given up: by whom, when and why; and the sweeps that replay them.
alter table ops.sweeps drop constraint sweeps_kind_check;
alter table ops.sweeps add constraint sweeps_kind_check
    check (kind in ('incremental', 'full', 'backfill', 'replay'));

alter table ops.dead_letters
    add column mended_at timestamptz,
    add column discarded_at timestamptz,
    add column discarded_by text,
    add column discarded_because text;
create index dead_letters_open_by_load on ops.dead_letters (sweep_id, load_id) where status = 'open';

-- What a letter holds is evidence: the extractor writes it once and changes only what became of it.
revoke update on ops.dead_letters from extractor;
grant update (status, mended_by_load_id, mended_at, discarded_at, discarded_by, discarded_because)
    on ops.dead_letters to extractor;
