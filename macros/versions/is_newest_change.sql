{#- The condition that a row of a base model (aliased `versions`) began what its key says now: no valid row of the key that
    was served later says otherwise, and the one served before it did. Rows are ordered by served_at, the server's own
    time of the answer, so that an old answer that is loaded late does not win; copies, which overlapping reads bring,
    count as the first. In: the base model's relation, the key's columns, and the macro that gives what a row says for
    an alias. -#}
{% macro is_newest_change(base, key, values) -%}
    versions.violations = '{}'
    and not exists (
        select 1
        from {{ base }} as newer
        where newer.violations = '{}'
            {%- for column in key %}
            and newer.{{ column }} = versions.{{ column }}
            {%- endfor %}
            and (newer.served_at, newer.load_order, newer.load_position)
            > (versions.served_at, versions.load_order, versions.load_position)
            and {{ values('newer') }} is distinct from {{ values('versions') }}
    )
    and not exists (
        select 1
        from (
            select *
            from {{ base }} as older
            where older.violations = '{}'
                {%- for column in key %}
                and older.{{ column }} = versions.{{ column }}
                {%- endfor %}
                and (older.served_at, older.load_order, older.load_position)
                < (versions.served_at, versions.load_order, versions.load_position)
            order by older.served_at desc, older.load_order desc, older.load_position desc
            limit 1
        ) as before
        where {{ values('before') }} is not distinct from {{ values('versions') }}
    )
{%- endmacro %}
