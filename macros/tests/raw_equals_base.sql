{#- The books of a base model: for each load it has taken, as many rows as the ledger says raw received. Over the
    loads of the last take; with `whole`, over all that it has (the nightly audit). -#}
{% test raw_equals_base(model, source_name, stream_name, whole=false) %}
    with ledger as (
        select load_order, records
        from {{ source('ops', 'loads') }}
        where source = '{{ source_name }}'
            and stream = '{{ stream_name }}'
            and load_order <= (
                select max(to_order)
                from {{ source('ops', 'model_takes') }}
                where model = '{{ model.schema }}.{{ model.identifier }}'
            )
            {% if not whole %}and {{ new_rows(model) }}{% endif %}
    ),

    base as (
        select load_order, count(*) as records
        from {{ model }}
        {% if not whole %}where {{ new_rows(model) }}{% endif %}
        group by load_order
    )

    select
        coalesce(ledger.load_order, base.load_order) as load_order,
        coalesce(ledger.records, 0) as records_in_raw,
        coalesce(base.records, 0) as records_in_base
    from ledger
    full outer join base on ledger.load_order = base.load_order
    where coalesce(ledger.records, 0) <> coalesce(base.records, 0)
{% endtest %}
