{#- Which days of loads a base model takes again: vars replay_from and replay_to, both dates and inclusive, the days
    (UTC) on which raw received them. Out: {'from': date, 'to': date}; none for any other model, in a build without
    the vars, and where the model is built from nothing anyway. -#}
{% macro replayed_days() %}
    {%- set days = {'from': var('replay_from', none), 'to': var('replay_to', none)} -%}
    {%- if days['from'] is none and days['to'] is none or not base_stream(model.name) or starts_over() -%}
        {{ return(none) }}
    {%- endif -%}
    {%- for name, day in days.items() if not modules.re.match('^\\d{4}-\\d\\d-\\d\\d$', day | string) -%}
        {{ exceptions.raise_compiler_error("replay_" ~ name ~ " is no date such as 2026-03-01: " ~ day) }}
    {%- endfor -%}
    {{ return({'from': days['from'] | string, 'to': days['to'] | string}) }}
{% endmacro %}
