{#- pre-hook of every model: a base model forgets what it has of the loads that it takes again, in the transaction in
    which it takes them. -#}
{% macro forget_replayed() %}
    {%- if execute and base_stream(model.name) and replayed_days() is not none %}
        delete from {{ this }}
        where load_order in (
            select loads.load_order from ops.loads as loads where {{ replayed_loads(base_stream(model.name)) }}
        )
    {%- endif -%}
{% endmacro %}
