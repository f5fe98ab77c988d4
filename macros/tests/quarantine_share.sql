{#- Fails a base model, and so holds back all that depends on it, where it had to set aside more than `max_share` of the
    records of its last take, and more than `few`. Fixing the rule and rebuilding the model, or a later load with good
    versions, turns it green. -#}
{% test quarantine_share(model, max_share=0.05, few=10) %}
    select
        sum(quarantined) as quarantined,
        sum(records) as records,
        round(sum(quarantined) / sum(records), 4) as share
    from ops.quarantine_by_load
    where model = '{{ model.schema }}.{{ model.identifier }}'
        and {{ new_rows(model) }}
    having sum(quarantined) > {{ few }} and sum(quarantined) > sum(records) * {{ max_share }}
{% endtest %}
