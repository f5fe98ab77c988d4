{#- Keeps elementary's schema small: deletes what its tables have from more than `days` days ago, by the time that each row
    carries. Tables without such a time (what the project is made of) stay. Run by `make elementary`. -#}
{% macro forget_elementary(days=60) %}
    {%- set schema = generate_schema_name('elementary', none) -%}
    {%- set tables = run_query("
        select distinct on (tables.table_name) tables.table_name, columns.column_name
        from information_schema.tables as tables
        inner join information_schema.columns as columns using (table_schema, table_name)
        where tables.table_schema = '" ~ schema ~ "'
            and tables.table_type = 'BASE TABLE'
            and columns.column_name in ('detected_at', 'generated_at', 'bucket_end')
        order by tables.table_name, columns.column_name = 'bucket_end' desc, columns.column_name
    ").rows -%}
    {%- for name, at in tables %}
        {%- do run_query('delete from "' ~ schema ~ '"."' ~ name ~ '" where ' ~ at
            ~ "::timestamptz < now() - interval '" ~ (days | int) ~ " days'") -%}
    {%- endfor -%}
    {%- do run_query('commit') -%}
{% endmacro %}
