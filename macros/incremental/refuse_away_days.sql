{#- Stops a base model that would take loads whose raw is away in the archive, naming their days. In: source, stream and
    the condition over `loads` that picks what the model takes.

    From this look until its commit the build holds a lock (AWAY_LOCK of extract/archive/leave.py) beside which no day
    leaves raw. -#}
{% macro refuse_away_days(source_name, stream_name, condition) %}
    {%- if flags.WHICH in ('run', 'build') -%}
        {%- do run_query("select pg_advisory_xact_lock_shared(4711003)") -%}
        {%- set days = run_query("
            select day::text
            from ops.archived_days
            where (source, stream) = ('" ~ source_name ~ "', '" ~ stream_name ~ "')
                and status = 'away'
                and day in (select loads.loaded_on from ops.loads as loads where " ~ condition ~ ")
            order by day
        ").columns[0].values() -%}
        {%- if days -%}
            {{ exceptions.raise_compiler_error(
                model.name ~ " would have to take days of " ~ source_name ~ "." ~ stream_name
                ~ " that are away in the archive: " ~ days | join(', ') ~ ". Bring them back first: extract restore "
                ~ source_name ~ " --stream " ~ stream_name ~ " --day " ~ days[0] ~ " --to " ~ days[-1]) }}
        {%- endif -%}
    {%- endif -%}
{% endmacro %}
