{#- The books of a stream: each key in base is in staging, or quarantined (no version of it is valid), or gone, and in
    one of them only. In: key, its columns; staging, the model, and staging_key, the columns' names there; gone, the condition (over `keys`) that the key was
    deleted or erased. Over the keys of the last take; with `whole`, over all of them (the nightly audit). -#}
{% test keys_balance(model, key, staging, staging_key=none, gone='false', whole=false) %}
    with keys as (
        select distinct {{ key | join(', ') }}
        from {{ model }}
        where ({{ key | join(', ') }}) is not null
            {% if not whole %}and {{ new_rows(model) }}{% endif %}
    ),

    placed as (
        select
            keys.*,
            exists (
                select 1 from {{ staging }} as staging
                where {% for column in key %}staging.{{ (staging_key or key)[loop.index0] }} = keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
            ) as is_in_staging,
            not exists (
                select 1 from {{ model }} as versions
                where versions.violations = '{}'
                    and {% for column in key %}versions.{{ column }} = keys.{{ column }}{{ ' and ' if not loop.last }}{% endfor %}
            ) as is_quarantined,
            ({{ gone }}) as is_gone
        from keys
    )

    select *
    from placed
    where is_in_staging::integer + (is_quarantined and not is_gone)::integer + is_gone::integer <> 1
{% endtest %}
