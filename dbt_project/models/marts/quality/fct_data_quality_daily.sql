select
    date,
    dimension,
    source,
    model,
    owner,
    tests,
    passed,
    warned,
    failed,
    pass_rate
from {{ source('ops', 'data_quality_daily') }}
