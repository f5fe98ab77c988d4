{{ config(tags=['completeness', 'smartpizza']) }}

{{ days_unlike_the_servers() }}
