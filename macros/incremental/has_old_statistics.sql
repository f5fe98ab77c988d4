{#- Whether a tenth of a relation's rows has changed since it was last analyzed, this transaction's changes included: when
    autovacuum would analyze it, some time after the build.
    Analyzing reads a sample of the whole, so that an increment would pay for the history. -#}
{% macro has_old_statistics(relation) -%}
    {%- do return(run_query("
        select
            reltuples <= 0
            or pg_stat_get_mod_since_analyze(oid) + pg_stat_get_xact_tuples_inserted(oid)
                + pg_stat_get_xact_tuples_updated(oid) + pg_stat_get_xact_tuples_deleted(oid) > 50 + reltuples / 10
        from pg_class
        where oid = '" ~ relation ~ "'::regclass
    ").rows[0][0]) -%}
{%- endmacro %}
