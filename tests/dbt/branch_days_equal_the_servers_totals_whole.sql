{{ config(tags=['completeness', 'nightly']) }}

{{ days_unlike_the_servers(whole=true) }}
