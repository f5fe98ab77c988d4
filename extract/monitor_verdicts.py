"""What the monitors said last, for the metrics and the alerts alike."""

from typing import LiteralString

RELATION: LiteralString = "marts.fct_monitor_verdicts"

# The newest verdict of each, as far as it is of the last two days of its model's data: a slice that is gone has none.
NEWEST_VERDICTS: LiteralString = """
    select distinct on (monitor, source, model, column_name, slice)
        source, model, monitor, column_name, slice, measured_on, verdict, reason
    from (
        select *, max(measured_on) over (partition by source, model) as newest_on
        from marts.fct_monitor_verdicts
    ) as verdicts
    where measured_on >= newest_on - interval '2 days'
    order by monitor, source, model, column_name, slice, measured_on desc, load_order desc
"""
