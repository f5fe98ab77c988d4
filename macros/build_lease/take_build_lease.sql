{#- on-run-start, before anything else: takes the lease of what this invocation builds and reads, or stops it.

    It does not wait for a living build: dbt has looked at the relations before this hook, and what it knows of them
    would be old after the wait. `extract build` waits, and starts dbt when the other has ended. A holder that is not
    seen for 15 s, in 30 looks, is dead. -#}
{% macro take_build_lease() %}
    {%- if execute and flags.WHICH in ('build', 'run', 'seed', 'snapshot', 'test') -%}
    {%- set relations = leased_relations() -%}
    {%- set state = namespace(taken=false, silent=[]) -%}
    {%- for look in range(31) if not state.taken -%}
        {%- set holders = run_query("select * from ops.take_build_lease('" ~ invocation_id ~ "', "
            ~ text_array(relations.built) ~ ", " ~ text_array(relations.read) ~ ", "
            ~ text_array(state.silent if look == 30 else []) ~ ")").rows -%}
        {%- do run_query("commit") -%}
        {%- for holder in holders
            if holder.is_seen or look == 30 or (look > 0 and holder.invocation_id not in state.silent) -%}
            {{ exceptions.raise_compiler_error(
                holder.relation ~ " is held by dbt invocation " ~ holder.invocation_id ~ " of " ~ holder.holder
                ~ ", since " ~ holder.taken_at ~ ": wait for its end, or let `extract build` wait") }}
        {%- endfor -%}
        {%- set state.taken = not holders -%}
        {%- set state.silent = holders | map(attribute='invocation_id') | list -%}
        {%- if holders -%}{%- do run_query("select pg_sleep(0.5)") -%}{%- endif -%}
    {%- endfor -%}
    {%- endif -%}
{% endmacro %}
