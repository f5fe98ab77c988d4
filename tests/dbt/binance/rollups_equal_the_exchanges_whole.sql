{{ config(tags=['accuracy', 'nightly'], severity='warn') }}

{{ rollups_unlike_the_exchanges(whole=true) }}
