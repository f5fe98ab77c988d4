-- Days of raw that object storage holds, and what the archive needs of Postgres.

-- The first 64 bits of the SHA-256 of a text: of an archived line, or of a person's key. Summed over a day's lines they
-- are its checksum, whatever the order, for Postgres and for whoever has only the bytes.
create function ops.fingerprint(body text) returns bigint
language sql immutable strict parallel safe
return ('x' || left(encode(sha256(convert_to(body, 'UTF8')), 'hex'), 16))::bit(64)::bigint;
revoke execute on function ops.fingerprint(text) from public;

-- One row a day of a stream that was verified in the archive. `archived`: raw has it still; `away`: raw gives it no more,
-- from just before its partition is detached; `restored`: raw has it again. `prefix` is where its objects lie,
-- `subjects` the fingerprints of the persons in them who are not redacted.
create table ops.archived_days (
    source text not null,
    stream text not null,
    day date not null,
    status text not null check (status in ('archived', 'away', 'restored')),
    prefix text not null,
    rows bigint not null,
    bytes bigint not null,
    checksum text not null,
    subjects bigint[] not null,
    archived_at timestamptz not null default clock_timestamp(),
    dropped_at timestamptz,
    restored_at timestamptz,
    primary key (source, stream, day)
);

-- Places in the archive that hold nothing that counts, or soon will not: a prefix is written down before its upload
-- begins, struck off in the transaction that makes it count, and what is still here is deleted by the next run.
create table ops.archive_leftovers (
    prefix text primary key,
    source text not null,
    noted_at timestamptz not null default clock_timestamp()
);

alter table ops.erasures add column archived_records bigint not null default 0;

-- Builds ask which days are away; people and dashboards too. Fingerprints of persons are nobody else's business.
grant select (source, stream, day, status, rows, bytes, archived_at, dropped_at, restored_at)
    on ops.archived_days to transformer, reporter, extractor;
