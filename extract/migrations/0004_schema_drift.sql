-- Schema drift: which paths and types each stream's records have had, and what changed. No values, only shapes.
create table ops.stream_shapes (
    source text not null,
    stream text not null,
    path text not null,
    -- The path as the functions below spell it.
    steps text[] not null,
    -- JSON types but null, which is no type of its own; none where only nulls have come.
    types text[] not null,
    is_nullable boolean not null,
    first_seen_at timestamptz not null default clock_timestamp(),
    last_seen_at timestamptz not null default clock_timestamp(),
    vanished_at timestamptz,
    sweeps integer not null default 1,
    -- How often it was there of how often it could have been, older samples halved with each newer one; and how often
    -- it could have been since it was there last.
    occurrences bigint not null,
    chances bigint not null,
    chances_missed bigint not null default 0,
    primary key (source, stream, path)
);

create table ops.schema_changes (
    change_id bigint generated always as identity primary key,
    source text not null,
    stream text not null,
    sweep_id bigint not null references ops.sweeps,
    run_id uuid not null references ops.runs,
    path text not null,
    change text not null check (change in ('new', 'vanished', 'retyped')),
    old_types text[],
    new_types text[],
    noticed_at timestamptz not null default clock_timestamp()
);
create index schema_changes_by_stream on ops.schema_changes (source, stream, noticed_at desc);

-- Steps of a path: '$', then keys; \x02 stands for the elements of a list, \x02 and a number for one place of a record
-- that is a list itself, \x03 for all keys of an object that is a map. No key holds these, or \x01 between the steps.
create function ops.path_text(steps text[]) returns text
language sql immutable strict as $$
    select case
        when cardinality(steps) = 1 then '$'
        else ltrim(string_agg(
            case
                when step like E'\x02%' then '[' || substr(step, 2) || ']'
                when step = E'\x03' then '.{}'
                when step ~ '^[A-Za-z_][A-Za-z0-9_-]*$' then '.' || step
                else '.' || to_json(step)::text
            end, '' order by at
        ), '.')
    end
    from unnest(steps[2:]) with ordinality as path (step, at)
$$;

-- Whether a path goes through a key of the object whose keys `map`, a path that ends in \x03, stands for.
create function ops.is_mapped(steps text[], map text[]) returns boolean
language sql immutable strict as $$
    select map[cardinality(map)] = E'\x03'
        and steps[:cardinality(map) - 1] = map[:cardinality(map) - 1]
        and steps[cardinality(map)] <> E'\x03'
        and steps[cardinality(map)] not like E'\x02%'
$$;

-- The shape of some records: each path with each JSON type it has, and how often. Not walked: more than 6 levels below
-- the record, 1,000 keys of an object, 100 elements of a list. An object with more than 100 different keys (a record:
-- 1,000), those in `known` included (steps joined by \x01), is a map: its keys become one.
-- A level at a time: a recursive query would keep every value and takes half as long again.
create function ops.shape_of(records jsonb[], known text[] default '{}')
returns table (steps text[], type text, occurrences bigint)
language plpgsql stable set search_path = pg_catalog set jit = off as $$
#variable_conflict use_column
declare
    level_paths text[] := array_fill('$'::text, array[cardinality(records)]);
    level_values jsonb[] := records;
    level_found jsonb;
    found_paths jsonb := '[]';
begin
    select jsonb_agg(jsonb_build_array('$', type, n))
    into found_paths
    from (select jsonb_typeof(record), count(*) from unnest(records) as record group by 1) as root (type, n);

    for depth in 1..6 loop
        with children as materialized (
            select
                parent.path,
                child.key,
                null::bigint as place,
                jsonb_typeof(child.value) as type,
                count(*) as n,
                array_agg(child.value) filter (where jsonb_typeof(child.value) in ('object', 'array')) as containers
            from unnest(level_paths, level_values) as parent (path, value)
            cross join lateral jsonb_each(
                case jsonb_typeof(parent.value) when 'object' then parent.value else '{}' end
            ) with ordinality as child (key, value, at)
            where child.at <= 1000
            group by 1, 2, 4
            union all
            select
                parent.path,
                null,
                case depth when 1 then child.at - 1 end,
                jsonb_typeof(child.value),
                count(*),
                array_agg(child.value) filter (where jsonb_typeof(child.value) in ('object', 'array'))
            from unnest(level_paths, level_values) as parent (path, value)
            cross join lateral jsonb_array_elements(
                case jsonb_typeof(parent.value) when 'array' then parent.value else '[]' end
            ) with ordinality as child (value, at)
            where child.at <= 100
            group by 1, 3, 4
        ),

        named as (
            select
                path || E'\x01' || coalesce(
                    translate(key, E'\x01\x02\x03', ''), E'\x02' || coalesce(place::text, '')
                ) as path,
                type,
                n,
                containers
            from children
        )

        select
            (select jsonb_agg(jsonb_build_array(path, type, n)) from named),
            (select array_agg(path) from named cross join lateral unnest(containers)),
            (select array_agg(value) from named cross join lateral unnest(containers) as value)
        into level_found, level_paths, level_values;
        exit when level_found is null;
        found_paths := found_paths || level_found;
    end loop;

    return query
    with recursive counted as (
        select string_to_array(found ->> 0, E'\x01') as steps, found ->> 1 as type, (found ->> 2)::bigint as occurrences
        from jsonb_array_elements(found_paths) as found
        union all
        select string_to_array(path, E'\x01'), null, 0
        from unnest(known) as path
    ),

    -- From the record down: the keys of a path that is a map already, or has too many, become one.
    folding (steps, type, occurrences, folded) as (
        select steps, type, occurrences, steps[:1]
        from counted
        union all
        select
            steps,
            type,
            occurrences,
            folded || case when is_map and step not like E'\x02%' then E'\x03' else step end
        from (
            select
                *,
                bool_or(step = E'\x03') over (partition by folded)
                or dense_rank() over (partition by folded order by step)
                + dense_rank() over (partition by folded order by step desc) - 1
                > case cardinality(folded) when 1 then 1000 else 100 end as is_map
            from (
                select folding.*, folding.steps[cardinality(folding.folded) + 1] as step
                from folding
                where cardinality(folding.folded) < cardinality(folding.steps)
            ) as deeper
        ) as keys
    )

    select folded, type, sum(occurrences)::bigint
    from folding
    where cardinality(folded) = cardinality(steps) and type is not null
    group by folded, type;
end
$$;

-- The sample: up to `wanted` records, and at most 4 MiB of them, spread over what a sweep has loaded, by place: rows
-- lie in a partition nearly in the order they came, so that neither an index nor a scan is needed to find them.
create function ops.sample_records(sweep_id bigint, table_name text, wanted integer) returns jsonb[]
language plpgsql stable set search_path = pg_catalog as $$
#variable_conflict use_variable
declare
    loaded record;
    part regclass;
    low bigint;
    high bigint;
    middle bigint;
    blocks bigint;
    newest bigint;
    share integer;
    per_block integer;
    places tid[];
    found jsonb[];
    sample jsonb[] := '{}';
begin
    for loaded in
        select loaded_on, array_agg(load_id) as load_ids, min(load_id) as first, sum(records) as rows,
            sum(sum(records)) over () as all_rows
        from ops.loads
        where loads.sweep_id = sample_records.sweep_id and records > 0
        group by loaded_on
        order by loaded_on
    loop
        part := to_regclass(format('raw.%I', table_name || '_' || to_char(loaded.loaded_on, 'YYYYMMDD')));
        continue when part is null;
        share := ceil(wanted * loaded.rows / loaded.all_rows);
        blocks := pg_relation_size(part) / current_setting('block_size')::integer;

        -- The first block that may hold rows of the sweep.
        low := 0;
        high := blocks;
        while low < high loop
            middle := (low + high) / 2;
            execute format('select max(load_id) from %s where ctid = any($1)', part)
            into newest
            using array(select format('(%s,%s)', middle, place)::tid from generate_series(1, 4) as place);
            if newest < loaded.first then
                low := middle + 1;
            else
                high := middle;
            end if;
        end loop;
        -- Postgres extends a table by many blocks at once and fills them in any order.
        low := greatest(low - 64, 0);

        if loaded.rows <= share then
            execute format('select array_agg(record) from %s where ctid >= $1 and load_id = any($2)', part)
            into found
            using format('(%s,0)', low)::tid, loaded.load_ids;
        else
            -- Rows of evenly spread blocks, twice as many as wanted: places may hold none, or another load's.
            per_block := greatest(4, 2 * share / greatest(blocks - low, 1) + 1);
            select array_agg(format('(%s,%s)', low + step * (blocks - low) * per_block / (2 * share), place)::tid)
            into places
            from generate_series(0, 2 * share / per_block) as step
            cross join generate_series(1, per_block) as place;
            execute format(
                'select array_agg(record) from (
                    select record from %s where ctid = any($1) and load_id = any($2) order by random() limit $3
                ) as sampled', part)
            into found
            using places, loaded.load_ids, share;
        end if;
        if coalesce(cardinality(found), 0) < 0.9 * least(share, loaded.rows) then
            -- They filled old holes, or lie among those of other loads.
            execute format(
                'select array_agg(record) from (
                    select record from %s where load_id = any($1) limit $2
                ) as sampled', part)
            into found
            using loaded.load_ids, share;
        end if;
        sample := sample || coalesce(found, '{}');
    end loop;

    return array(
        select record
        from (
            select record, sum(pg_column_size(record)) over (rows unbounded preceding) as size
            from unnest(sample) as record
            -- An erased person's record has the shape that we gave it.
            where not record ? '_erased'
        ) as sized
        where size <= 4 * 1024 * 1024
    );
end
$$;

-- Compares what a finished sweep brought with what its stream was known to look like, and remembers it. Gives the
-- changes, which are in ops.schema_changes too; none for the first records of a stream.
--   new       a path that was never there, or had vanished
--   retyped   a path that has a type it never had; null is no type, and a path of nulls only has none yet
--   vanished  a path that was in 99 of 100 objects that could have it, and is in none of the last 100 or more; once,
--             and not for a sweep of old records (a backfill, a replay)
-- security definer: the extractor may not read raw.
create function ops.note_shape(run_id uuid, sweep_id bigint, table_name text, wanted integer)
returns table (path text, change text, old_types text[], new_types text[])
language plpgsql security definer set search_path = pg_catalog set jit = off as $$
#variable_conflict use_column
declare
    swept ops.sweeps;
    sample jsonb[];
    known text[];
begin
    select * into strict swept from ops.sweeps where sweeps.sweep_id = note_shape.sweep_id;
    if not exists (
        select 1 from pg_class
        where oid = to_regclass(format('raw.%I', table_name)) and relkind = 'p'
    ) then
        raise exception 'raw has no table %', table_name using errcode = 'undefined_table';
    end if;
    sample := ops.sample_records(sweep_id, table_name, wanted);
    if cardinality(sample) = 0 then
        return;
    end if;
    -- Shards of one stream may end at the same time.
    perform pg_advisory_xact_lock(hashtextextended('ops.stream_shapes/' || swept.source || '/' || swept.stream, 0));
    select array_agg(array_to_string(steps, E'\x01'))
    into known
    from ops.stream_shapes as shapes
    where shapes.source = swept.source and shapes.stream = swept.stream;

    return query
    with shape as materialized (
        select * from ops.shape_of(sample, coalesce(known, '{}'))
    ),

    observed as (
        select
            steps,
            coalesce(array_agg(type order by type) filter (where type <> 'null'), '{}') as types,
            bool_or(type = 'null') as is_nullable,
            sum(occurrences)::bigint as occurrences
        from shape
        group by steps
    ),

    compared as (
        select
            coalesce(observed.steps, shapes.steps) as steps,
            ops.path_text(coalesce(observed.steps, shapes.steps)) as path,
            shapes.steps is not null as is_known,
            observed.steps is not null as is_seen,
            shapes.types as old_types,
            observed.types as new_types,
            coalesce(observed.is_nullable, false) as is_nullable,
            coalesce(observed.occurrences, 0) as occurrences,
            coalesce(parents.occurrences, 0) as chances,
            swept.kind in ('incremental', 'full') as is_current,
            shapes.vanished_at is not null as was_gone,
            shapes.vanished_at is null and shapes.occurrences >= 0.99 * shapes.chances
                and shapes.chances_missed + coalesce(parents.occurrences, 0) >= 100 as is_missed
        from observed
        full join (
            select * from ops.stream_shapes as shapes
            where shapes.source = swept.source and shapes.stream = swept.stream
                and not exists (select 1 from observed as map where ops.is_mapped(shapes.steps, map.steps))
        ) as shapes on observed.steps = shapes.steps
        left join shape as parents
            on parents.steps = trim_array(coalesce(observed.steps, shapes.steps), 1)
            and parents.type = case
                when array_to_string(coalesce(observed.steps, shapes.steps), E'\x01') ~ E'\x01\x02[0-9]*$' then 'array'
                else 'object'
            end
    ),

    judged as (
        select
            *,
            case
                when not is_known then 'new'
                when is_seen and old_types <> '{}' and not new_types <@ old_types then 'retyped'
                when is_seen and was_gone then 'new'
                when not is_seen and is_current and is_missed and chances > 0 then 'vanished'
            end as change
        from compared
    ),

    remembered as (
        insert into ops.stream_shapes as shapes
            (source, stream, path, steps, types, is_nullable, occurrences, chances)
        select swept.source, swept.stream, path, steps, new_types, is_nullable, occurrences, chances
        from judged
        where is_seen
        on conflict (source, stream, path) do update set
            types = array(select unnest(shapes.types || excluded.types) as type group by type order by type),
            is_nullable = shapes.is_nullable or excluded.is_nullable,
            last_seen_at = excluded.last_seen_at,
            vanished_at = null,
            sweeps = shapes.sweeps + 1,
            occurrences = shapes.occurrences / 2 + excluded.occurrences,
            chances = shapes.chances / 2 + excluded.chances,
            chances_missed = 0
    ),

    missed as (
        update ops.stream_shapes as shapes
        set chances_missed = shapes.chances_missed + judged.chances,
            vanished_at = case when judged.change = 'vanished' then clock_timestamp() else shapes.vanished_at end
        from judged
        where not judged.is_seen and judged.is_current
            and shapes.source = swept.source and shapes.stream = swept.stream and shapes.steps = judged.steps
    ),

    recorded as (
        insert into ops.schema_changes
            (source, stream, sweep_id, run_id, path, change, old_types, new_types)
        select swept.source, swept.stream, swept.sweep_id, note_shape.run_id, path, change, old_types, new_types
        from judged
        where change is not null and known is not null
        returning path, change, old_types, new_types
    )

    select * from recorded order by path;

    -- Keys that have become a map's.
    delete from ops.stream_shapes as keys
    using ops.stream_shapes as map
    where map.source = swept.source and map.stream = swept.stream
        and keys.source = map.source and keys.stream = map.stream
        and ops.is_mapped(keys.steps, map.steps);
end
$$;

revoke execute on function ops.path_text(text[]), ops.is_mapped(text[], text[]), ops.shape_of(jsonb[], text[]),
    ops.sample_records(bigint, text, integer), ops.note_shape(uuid, bigint, text, integer) from public;
grant execute on function ops.note_shape(uuid, bigint, text, integer) to extractor;
grant select on ops.schema_changes, ops.stream_shapes to extractor, transformer, reporter;
