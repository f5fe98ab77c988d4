-- What dbt asked of each view when it made it, and what the server made of that: a view that stands so is left alone.
create table ops.views_built (
    view text primary key,
    asked text not null,
    definition text not null
);

-- A digest of what a view says and of the columns that the relations it reads have; null where there is no such view.
-- `select *` is written out when a view is made: of a column that came later it knows nothing.
create function ops.view_definition(view regclass) returns text
language sql stable
as $$
    select md5(
        pg_get_viewdef(view)
        || coalesce(
            (
                select string_agg(
                    format('%s %s %s', attrelid, attname, format_type(atttypid, atttypmod)), ', ' order by attrelid, attnum
                )
                from pg_attribute
                where attnum > 0
                    and not attisdropped
                    and attrelid in (
                        select refobjid
                        from pg_depend
                        inner join pg_rewrite on pg_depend.objid = pg_rewrite.oid
                        where pg_depend.classid = 'pg_rewrite'::regclass
                            and pg_depend.refclassid = 'pg_class'::regclass
                            and pg_rewrite.ev_class = view
                    )
            ),
            ''
        )
    )
    from pg_class
    where oid = view and relkind = 'v'
$$;

grant select, insert, update on ops.views_built to transformer;
