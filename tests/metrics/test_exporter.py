"""/metrics: what the command serves, with the database and without it, and to a real Prometheus where there is one."""

import json
import shutil
import subprocess
import sys
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any

import httpx
import pytest
from prometheus_client.parser import text_string_to_metric_families

from tests.extract.conftest import ROOT


@contextmanager
def exporter(env: dict[str, str], folder: Path) -> Iterator[str]:
    """`extract metrics` on a free port; gives its address."""
    process = subprocess.Popen(
        [sys.executable, "-m", "extract", "metrics", "--port", "0"],
        env={"PATH": "/usr/bin:/bin", "PYTHONPATH": str(ROOT), "PYTHONUNBUFFERED": "1", **env},
        cwd=folder,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield process.stdout.readline().split()[-1]
    finally:
        process.terminate()
        process.wait(timeout=20)


def scraped(url: str) -> dict[str, Any]:
    answer = httpx.get(url, timeout=30)
    assert answer.status_code == 200
    return {family.name: family for family in text_string_to_metric_families(answer.text)}


def test_a_scrape_needs_more_than_a_reporter_or_breaks_prometheus_conventions(
    elt_database: Any, tmp_path: Path
) -> None:
    with exporter(elt_database.env("reporter"), tmp_path) as url:
        found = scraped(url)
        assert httpx.get(url.replace("/metrics", "/healthz")).text == "ok"
        assert httpx.get(url.replace("/metrics", "/")).status_code == 404
    assert found["elt_up"].samples[0].value == 1
    assert {sample.value for sample in found["elt_question_failed"].samples} == {0}
    for name, family in found.items():
        assert name.startswith("elt_")
        assert family.documentation.endswith((".", ".."))
        assert not name.endswith(("_ms", "_minutes", "_kb", "_percent"))
    assert found["elt_schema_size_bytes"].samples


def test_a_database_that_is_away_is_a_stack_trace(elt_database: Any, tmp_path: Path) -> None:
    with exporter(elt_database.env("reporter") | {"PGPORT": "9"}, tmp_path) as url:
        found = scraped(url)
        assert httpx.get(url.replace("/metrics", "/healthz")).text == "ok"
    assert list(found) == ["elt_up"]
    assert found["elt_up"].samples[0].value == 0


def test_one_question_that_fails_takes_the_others_with_it(elt_database: Any, tmp_path: Path) -> None:
    with elt_database.connect("transformer", autocommit=True) as transformer:
        transformer.execute("create view marts.fct_monitor_verdicts as select 1 as nothing_that_is_asked_for")
    with exporter(elt_database.env("reporter"), tmp_path) as url:
        found = scraped(url)
    failed = {sample.labels["question"]: sample.value for sample in found["elt_question_failed"].samples}
    assert (failed["monitors"], failed["pipelines"]) == (1, 0)


@pytest.mark.skipif(shutil.which("prometheus") is None, reason="prometheus is not installed")
def test_prometheus_itself_cannot_read_it(elt_database: Any, tmp_path: Path) -> None:
    with exporter(elt_database.env("reporter"), tmp_path) as url:
        target = url.removeprefix("http://").removesuffix("/metrics")
        (tmp_path / "prometheus.yml").write_text(
            json.dumps(
                {
                    "global": {"scrape_interval": "1s", "evaluation_interval": "1s"},
                    "rule_files": [str(ROOT / "k8s/components/dashboards/rules.yaml")],
                    "scrape_configs": [{"job_name": "elt", "static_configs": [{"targets": [target]}]}],
                }
            )
        )
        log = tmp_path / "prometheus.log"
        with log.open("w") as out:
            server = subprocess.Popen(
                [
                    "prometheus",
                    f"--config.file={tmp_path / 'prometheus.yml'}",
                    f"--storage.tsdb.path={tmp_path / 'tsdb'}",
                    "--web.listen-address=127.0.0.1:0",
                ],
                stdout=out,
                stderr=subprocess.STDOUT,
            )
        try:
            assert asked(listening(log), "elt_up") == "1"
        finally:
            server.terminate()
            server.wait(timeout=20)


def listening(log: Path) -> str:
    """The address that Prometheus took, by its log."""
    for _ in range(200):
        for line in log.read_text().splitlines():
            if "Listening on" in line and "address=" in line:
                return line.rpartition("address=")[2].split()[0]
        time.sleep(0.1)
    raise AssertionError(log.read_text())


def asked(address: str, query: str) -> str:
    """The value of the query's one series, once there is one."""
    for _ in range(200):
        answer = httpx.get(f"http://{address}/api/v1/query", params={"query": query}).json()
        if result := answer.get("data", {}).get("result"):
            return str(result[0]["value"][1])
        time.sleep(0.1)
    raise AssertionError(f"no {query}")
