{#- dbt's own `view`, but one that stands as it was asked for is left alone. dbt would swap it every hour and drop the old
    one with all views on it: until each is built again, whoever reads them finds nothing, and the catalog swells.
    `--full-refresh` makes each anew. -#}
{% materialization view, adapter='postgres' %}
    {%- set asked = asked_of_view(sql) -%}
    {%- if should_full_refresh() or not stands_as_asked(this, asked) -%}
        {%- set made = materialization_view_default() -%}
        {%- call statement('note', auto_begin=true) -%}
            insert into ops.views_built (view, asked, definition)
            select '{{ model.schema }}.{{ model.alias }}', '{{ asked }}', ops.view_definition(to_regclass('{{ this }}'))
            on conflict (view) do update set asked = excluded.asked, definition = excluded.definition
        {%- endcall -%}
        {%- do adapter.commit() -%}
        {{ return(made) }}
    {%- endif -%}
    {{ run_hooks(pre_hooks, inside_transaction=False) }}
    {{ run_hooks(pre_hooks, inside_transaction=True) }}
    {%- do store_raw_result('main', message='UNCHANGED', code='UNCHANGED', rows_affected='-1') -%}
    {{ run_hooks(post_hooks, inside_transaction=True) }}
    {{ adapter.commit() }}
    {{ run_hooks(post_hooks, inside_transaction=False) }}
    {{ return({'relations': [this.incorporate(type='view')]}) }}
{% endmaterialization %}
