{# Ephemeral, so never built. It is here so that the project's `models: elementary:` has something to apply to. #}
{{ config(materialized='ephemeral') }}
select 1 as nothing
