{#- The day since when a new version of a recipe reads differently, or none. Asked now and not in the query of keys, where
    the planner would take "since some day" for a third of all orders, though most loads bring no recipe. -#}
{% macro recipes_differ_since() -%}
    {%- set query %}
        select
            (min(case
                when before.recipe_id is null then now.valid_from
                when (before.valid_from, before.sizes) is distinct from (now.valid_from, now.sizes)
                    then least(before.valid_from, now.valid_from)
                when before.valid_to is distinct from now.valid_to then least(before.valid_to, now.valid_to)
            end) at time zone 'UTC')::date - 1
        from {{ ref('base_smartpizza__recipes') }} as now
        left join lateral (
            select earlier.recipe_id, earlier.valid_from, earlier.valid_to, earlier.sizes
            from {{ ref('base_smartpizza__recipes') }} as earlier
            where earlier.recipe_id = now.recipe_id
                and earlier.version = now.version
                and earlier.load_order < now.load_order
            order by earlier.load_order desc
            limit 1
        ) as before on true
        where {{ changed('base_smartpizza__recipes', 'now') }}
    {% endset -%}
    {{ return(asked_once(query).rows[0][0] if execute and is_incremental() else none) }}
{%- endmacro %}
