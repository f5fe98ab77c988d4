"""Hears dbt's events: tells what a person needs to read, and notes at once in the ledger what came of each node."""

import threading
from collections.abc import Iterable
from contextlib import suppress
from typing import Any

from extract import log
from extract.dbt_build.ledger import LEDGER_ERRORS, BuildLedger
from extract.dbt_build.node_result import NodeResult
from extract.dbt_build.stopping import Stopping
from extract.errors import one_line
from extract.report import Reporter

# Warnings of single nodes, which are told by themselves, and the summaries of a run.
_TOLD_OTHERWISE = ("Log", "RunResult", "EndOfRun", "Node", "SkippingDetails")
# What macros/views/materialization_view.sql says of a view that stands as it was asked for.
_LEFT_ALONE = "UNCHANGED"


class Listener:
    """A callback of dbt, called from several threads. What it cannot write now is written by a later `flush`."""

    def __init__(self, report: Reporter, ledger: BuildLedger, stopping: Stopping) -> None:
        self._report = report
        self._ledger = ledger
        self._stopping = stopping
        self._guard = threading.Lock()
        self._unwritten: list[NodeResult] = []
        self._is_named = False
        self.invocation_id: str | None = None
        self.results: dict[str, NodeResult] = {}

    def __call__(self, event: Any) -> None:
        info = event.info
        if self.invocation_id is None:
            self.invocation_id = info.invocation_id
            log.name_run(info.invocation_id)
            self._report.event("build_started", invocation_id=info.invocation_id)
        if info.name == "NodeStart" and not self._is_named:
            self._name()
        if info.name == "NodeFinished":
            self.note(self._result(event.data.node_info, event.data.run_result))
        elif info.level == "warn" and not info.name.startswith(_TOLD_OTHERWISE):
            self._report.event("dbt_warning", kind=info.name, message=one_line(info.msg))

    def note(self, result: NodeResult) -> None:
        """Tells and writes down what came of a node, the first time that it is heard of."""
        with self._guard:
            if result.node_id in self.results:
                return
            self.results[result.node_id] = result
            self._unwritten.append(result)
        self._tell(result)
        self.flush()

    def flush(self) -> int:
        """Writes what is not yet in the ledger. Returns how much of it cannot be written now."""
        with self._guard:
            if self.invocation_id is not None and self._unwritten:
                try:
                    self._ledger.write(self.invocation_id, self._unwritten)
                except LEDGER_ERRORS:
                    return len(self._unwritten)
                self._unwritten.clear()
            return 0

    def _name(self) -> None:
        """At the first node; where the database is away just then, at the next."""
        with suppress(*LEDGER_ERRORS):
            self._ledger.name(str(self.invocation_id))
            self._is_named = True

    def _result(self, node: Any, ran: Any) -> NodeResult:
        was_stopped = ran.status == "error" and self._stopping.number is not None
        answer = dict(ran.adapter_response)
        return NodeResult(
            node_id=node.unique_id,
            resource_type=node.resource_type,
            status="stopped" if was_stopped else ran.status,
            seconds=ran.execution_time,
            rows_affected=_whole(answer.get("rows_affected")),
            failures=ran.num_failures,
            message=ran.message,
        )

    def _tell(self, result: NodeResult) -> None:
        seconds = round(result.seconds, 1)
        if result.is_broken or result.status in ("warn", "stopped"):
            ending = "failed" if result.is_broken else result.status
            name = f"{result.resource_type}_{'warned' if ending == 'warn' else ending}"
            self._report.event(name, node=result.name, seconds=seconds, message=result.told)
        elif result.resource_type in ("test", "operation") or result.message == _LEFT_ALONE:
            return
        elif result.status == "success":
            rows = result.rows_affected if (result.rows_affected or -1) >= 0 else None
            self._report.event(f"{result.resource_type}_built", node=result.name, seconds=seconds, rows=rows)


def heard_late(results: Iterable[Any]) -> list[NodeResult]:
    """dbt's own results as ours, less hooks in order: hooks make no event that says what was wrong with them."""
    return [
        NodeResult(
            node_id=result.node.unique_id,
            resource_type=str(result.node.resource_type),
            status=str(result.status),
            seconds=result.execution_time,
            rows_affected=_whole((result.adapter_response or {}).get("rows_affected")),
            failures=_whole(result.failures),
            message=result.message or "",
        )
        for result in results
        if (result.node.resource_type, result.status) != ("operation", "success")
    ]


def _whole(value: Any) -> int | None:
    return None if value is None else int(float(value))
