with scores as (
    select * from {{ ref('stg_ops__test_scores') }}
),

final as (
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
    from scores
)

select * from final
