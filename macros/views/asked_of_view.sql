{#- In: a view's compiled SQL. Out: a digest of all that the model says of the view: SQL, contract, comments, grants. -#}
{% macro asked_of_view(sql) %}
    {{ return(local_md5(tojson([
        sql, model.columns, model.description, model.contract.enforced, config.get('persist_docs'), config.get('grants'),
    ]))) }}
{% endmacro %}
