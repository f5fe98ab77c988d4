"""Asks the ledger at each scrape; a database that is away is a figure, not an error."""

import threading
import time
from collections.abc import Iterable, Iterator, Mapping, Sequence
from contextlib import closing
from typing import Any

import psycopg
from prometheus_client.core import CounterMetricFamily, GaugeMetricFamily
from prometheus_client.metrics_core import Metric
from prometheus_client.registry import Collector
from psycopg import Connection
from psycopg.rows import TupleRow, dict_row

from extract.database import connect
from extract.errors import ExtractError
from extract.metrics.questions import ALL, Question
from extract.settings import Settings

Rows = Sequence[Mapping[str, Any]]

_ONE_SCRAPE = "set statement_timeout = '10s'"
_IS_THERE = "select coalesce(to_regclass(%(name)s)::oid, to_regprocedure(%(name)s)::oid) is not null"


class LedgerCollector(Collector):
    """The figures of questions.py. Connects by libpq's environment, as a role that reads ops and marts: reporter."""

    def __init__(self, settings: Settings) -> None:
        self._database = settings.database.model_copy(update={"attempts": 1})
        self._settings = settings.metrics
        self._kept: dict[str, tuple[float, Rows]] = {}
        self._guard = threading.Lock()

    def describe(self) -> Iterable[Metric]:
        """Nothing: registering must not ask the database."""
        return []

    def collect(self) -> Iterator[Metric]:
        """All figures; `elt_up` is 0, and there are no others, where the database does not answer."""
        failed = GaugeMetricFamily(
            "elt_question_failed", "1 where the database refused it.", labels=["question"]
        )
        found: list[Metric] = []
        with self._guard:
            try:
                with closing(connect(settings=self._database)) as connection:
                    connection.execute(_ONE_SCRAPE)
                    for question in ALL:
                        try:
                            found += families(question, self._answer(connection, question))
                            failed.add_metric([question.name], 0)
                        except psycopg.OperationalError as error:
                            # A statement that takes too long leaves the others their time; a lost connection does not.
                            if connection.closed or not isinstance(error, psycopg.errors.QueryCanceled):
                                raise
                            failed.add_metric([question.name], 1)
                        except (psycopg.ProgrammingError, psycopg.DataError):
                            failed.add_metric([question.name], 1)
                is_up = True
            except (ExtractError, psycopg.Error):
                is_up, found = False, []
        yield GaugeMetricFamily("elt_up", "Whether the database answered.", value=int(is_up))
        if not is_up:
            return
        yield failed
        yield from found
        if self._settings.disk_bytes is not None:
            size = self._settings.disk_bytes
            yield GaugeMetricFamily("elt_disk_size_bytes", "Size of the database's disk.", value=size)

    def _answer(self, connection: Connection[TupleRow], question: Question) -> Rows:
        kept_at, rows = self._kept.get(question.name, (0.0, ()))
        now = time.monotonic()
        if question.name in self._kept and now - kept_at < self._settings.keep_seconds:
            return rows
        there = connection.execute(_IS_THERE, {"name": question.relation}).fetchone()
        if there is None or not there[0]:
            return ()
        with connection.cursor(row_factory=dict_row) as cursor:
            rows = cursor.execute(question.sql).fetchall()
        if question.is_dear:
            self._kept[question.name] = (now, rows)
        return rows


def families(question: Question, rows: Rows) -> list[Metric]:
    """The metrics that `rows` make of a question's figures."""
    made: list[Metric] = []
    for figure in question.figures:
        if figure.kind == "counter":
            family: Any = CounterMetricFamily(figure.name, figure.help, labels=question.labels)
        else:
            family = GaugeMetricFamily(figure.name, figure.help, labels=question.labels)
        for row in rows:
            if row[figure.column] is not None:
                family.add_metric([str(row[label]) for label in question.labels], float(row[figure.column]))
        made.append(family)
    return made
