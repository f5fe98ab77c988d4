{{ config(tags=['accuracy', 'binance']) }}

{{ rollups_unlike_the_exchanges() }}
