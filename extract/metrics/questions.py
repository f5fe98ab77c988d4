"""What is asked of the database for /metrics, and which figure each column of an answer becomes.

Each question reads one view or function of schema ops, or one mart; what is not built yet is left out. Names are
Prometheus': base units, `_total` for what only grows, times in seconds since 1970.
"""

from dataclasses import dataclass
from typing import Literal, LiteralString

from extract.monitor_verdicts import NEWEST_VERDICTS


@dataclass(frozen=True, slots=True)
class Figure:
    """A metric, whose value is the column called `column`; no sample where that is null."""

    name: str
    column: str
    help: str
    kind: Literal["gauge", "counter"] = "gauge"


@dataclass(frozen=True, slots=True)
class Question:
    """`sql` gives a column a label and a column a figure.

    A dear one is asked again only after [metrics] keep_seconds.
    """

    name: str
    relation: str
    sql: LiteralString
    labels: tuple[str, ...]
    figures: tuple[Figure, ...]
    is_dear: bool = False


PIPELINES = Question(
    "pipelines",
    "ops.pipeline_health",
    """
    select pipeline, kind, coalesce(owner, '') as owner,
        extract(epoch from last_started_at) as started, extract(epoch from last_done_at) as done,
        extract(epoch from last_failed_at) as failed, (failing_since is not null)::int as failing,
        is_late::int as late, extract(epoch from expected_every) as every, success_rate_7d
    from ops.pipeline_health
    """,
    ("pipeline", "kind", "owner"),
    (
        Figure("elt_run_last_start_timestamp_seconds", "started", "When the last run or build started."),
        Figure("elt_run_last_success_timestamp_seconds", "done", "When the last one ended well."),
        Figure("elt_run_last_failure_timestamp_seconds", "failed", "When the last one failed or was killed."),
        Figure(
            "elt_pipeline_failing", "failing", "1 while none has ended well since one failed or was killed."
        ),
        Figure("elt_pipeline_late", "late", "1 where none has started for longer than is expected."),
        Figure("elt_pipeline_expected_interval_seconds", "every", "How often one is expected to start."),
        Figure("elt_pipeline_success_ratio", "success_rate_7d", "Share of good ones among those of 7 days."),
    ),
)
STREAMS = Question(
    "streams",
    "ops.stream_lag",
    """
    select source, stream, extract(epoch from lag) as lag, extract(epoch from last_load_at) as loaded,
        extract(epoch from watermark_at) as watermark, extract(epoch from usual_gap) as gap, is_late::int as late
    from ops.stream_lag
    """,
    ("source", "stream"),
    (
        Figure("elt_stream_lag_seconds", "lag", "Time since the stream's last load."),
        Figure("elt_stream_last_load_timestamp_seconds", "loaded", "When the stream's last load committed."),
        Figure(
            "elt_stream_watermark_timestamp_seconds", "watermark", "Up to when the API's changes are there."
        ),
        Figure("elt_stream_usual_gap_seconds", "gap", "Median time between finished sweeps, of 14 days."),
        Figure("elt_stream_late", "late", "1 where the last load is older than twice what is usual."),
    ),
)
LETTERS = Question(
    "dead letters",
    "ops.open_dead_letters",
    "select source, stream, letters from ops.open_dead_letters",
    ("source", "stream"),
    (Figure("elt_dead_letters_open", "letters", "Dead letters nobody has mended or given up."),),
)
TROUBLES = Question(
    "troubles",
    "ops.open_trouble",
    """
    select trouble, severity, pipeline, coalesce(owner, '') as owner, count(*) as troubles
    from ops.open_trouble
    group by 1, 2, 3, 4
    """,
    ("trouble", "severity", "pipeline", "owner"),
    (Figure("elt_troubles_open", "troubles", "What is wrong now, as the webhook is told."),),
)
RUNS = Question(
    "runs",
    "ops.run_ledger",
    """
    select pipeline, kind, status, count(*) as runs
    from ops.run_ledger
    where status <> 'running'
    group by 1, 2, 3
    """,
    ("pipeline", "kind", "status"),
    (Figure("elt_runs_total", "runs", "Runs and builds by how they ended.", "counter"),),
    is_dear=True,
)
USE = Question(
    "use",
    "ops.run_ledger",
    """
    select pipeline, kind, sum(rows) as rows, sum(bytes) as bytes, sum(requests) as requests,
        sum(retries) as retries, sum(throttled_seconds) as throttled, sum(cpu_seconds) as cpu, sum(cost_amount) as cost
    from ops.run_ledger
    group by 1, 2
    """,
    ("pipeline", "kind"),
    (
        Figure("elt_rows_written_total", "rows", "Records loaded, rows written by models.", "counter"),
        Figure("elt_received_bytes_total", "bytes", "Bytes received from APIs.", "counter"),
        Figure("elt_requests_total", "requests", "Requests sent to APIs, with those made again.", "counter"),
        Figure("elt_request_retries_total", "retries", "Requests that were made again.", "counter"),
        Figure("elt_throttled_seconds_total", "throttled", "Time waited for a request budget.", "counter"),
        Figure("elt_cpu_seconds_total", "cpu", "Processor time of runs and builds.", "counter"),
        Figure("elt_cost_total", "cost", "Cost of runs and builds, in the currency of [cost].", "counter"),
    ),
    is_dear=True,
)
STORAGE = Question(
    "storage",
    "ops.storage",
    "select schema, bytes, cost_a_month from ops.storage",
    ("schema",),
    (
        Figure("elt_schema_size_bytes", "bytes", "What a schema takes on disk, indexes included."),
        Figure("elt_schema_cost_per_month", "cost_a_month", "What that costs, in the currency of [cost]."),
    ),
    is_dear=True,
)
QUARANTINE = Question(
    "quarantine",
    "ops.quarantine_now",
    "select source, stream, rows, share from ops.quarantine_now",
    ("source", "stream"),
    (
        Figure("elt_quarantine_rows", "rows", "Records in quarantine."),
        Figure("elt_quarantine_ratio", "share", "Share of the stream's records that are in quarantine."),
    ),
    is_dear=True,
)
MONITORS = Question(
    "monitors",
    "marts.fct_monitor_verdicts",
    """
    select source, model, monitor, verdict, count(*) as verdicts
    from (
    """  # noqa: S608 - of our own words only
    + NEWEST_VERDICTS
    + """
    ) as newest
    group by 1, 2, 3, 4
    """,
    ("source", "model", "monitor", "verdict"),
    (Figure("elt_monitor_verdicts", "verdicts", "Newest verdicts of the monitors, by what they say."),),
    is_dear=True,
)
ALL = (PIPELINES, STREAMS, LETTERS, TROUBLES, RUNS, USE, STORAGE, QUARANTINE, MONITORS)
