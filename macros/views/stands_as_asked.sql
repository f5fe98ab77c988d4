{#- Whether a view is there and is what was made when the same was asked: nobody has replaced it since, and the relations
    that it reads have no other columns. -#}
{% macro stands_as_asked(relation, asked) %}
    {{ return(run_query("
        select exists (
            select 1
            from ops.views_built
            where
                view = '" ~ relation.schema ~ "." ~ relation.identifier ~ "'
                and asked = '" ~ asked ~ "'
                and definition = ops.view_definition(to_regclass('" ~ relation ~ "'))
        )
    ").rows[0][0]) }}
{% endmacro %}
