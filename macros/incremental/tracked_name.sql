{#- In: a node of the graph. Out: the name under which its takes are recorded, `schema.table`, so that a
    developer's tables and production's remember apart. A deferred node is the one that ref() reads. -#}
{% macro tracked_name(node) %}
    {%- set deferred = node.get('defer_relation') -%}
    {%- if deferred and node.unique_id not in selected_resources
        and (flags.FAVOR_STATE or load_relation(api.Relation.create(node.database, node.schema, node.alias)) is none) -%}
        {{ return(deferred.schema ~ '.' ~ deferred.alias) }}
    {%- endif -%}
    {{ return(node.schema ~ '.' ~ node.alias) }}
{% endmacro %}
