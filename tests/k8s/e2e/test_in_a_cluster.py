"""The whole thing in a real cluster, in the order in which a person would try it. Needs a KUBECONFIG; see overlay.py.

KUBECONFIG=... E2E_IMAGE=small-elt:demo python -m pytest tests/k8s/e2e
"""

import os
import secrets
from collections.abc import Iterator

import pytest

from tests.k8s.e2e.cluster import Cluster, until
from tests.k8s.e2e.overlay import Wanted

pytestmark = [
    pytest.mark.skipif("KUBECONFIG" not in os.environ, reason="no cluster: KUBECONFIG is not set"),
    pytest.mark.timeout(1800),
    pytest.mark.xdist_group("cluster"),
]
PIPELINE = "smartpizza"


@pytest.fixture(scope="module")
def cluster() -> Iterator[Cluster]:
    """The overlay in a namespace of its own, which goes away at the end."""
    made = Cluster(Wanted(f"elt-e2e-{secrets.token_hex(3)}", os.environ))
    try:
        made.apply()
        made.completed("init")
        yield made
    finally:
        made.delete()


def test_two_scheduled_runs_fill_the_marts_and_the_books_balance(cluster: Cluster) -> None:
    began = cluster.get("job", "init")["status"]["completionTime"]

    def done(pipeline: str, runs: int) -> list[str] | None:
        names = [
            job["metadata"]["name"]
            for job in cluster.jobs_of(pipeline)
            if job["metadata"]["creationTimestamp"] > began and job.get("status", {}).get("succeeded")
        ]
        return names if len(names) >= runs else None

    until(lambda: done(PIPELINE, 2), 900, "two scheduled runs")
    # The night's work tests the tables of every pipeline.
    until(lambda: done("binance", 1), 900, "a scheduled run of binance")
    assert cluster.scalar("select count(*) from marts.fct_orders") > 0
    assert cluster.scalar("select count(*) from ops.runs where command = 'run' and status = 'done'") >= 2
    cluster.start("audit", "nightly")
    cluster.completed("audit")


def test_a_pod_deleted_in_mid_run_is_followed_by_one_that_finishes_the_work(cluster: Cluster) -> None:
    cluster.suspend(PIPELINE)
    cluster.quiet(PIPELINE)
    cluster.start("killed", PIPELINE)

    def at_work() -> str | None:
        for pod in cluster.pods_of("killed"):
            status = pod.get("status", {})
            for each in status.get("initContainerStatuses", []) + status.get("containerStatuses", []):
                if each["name"] != "check" and "running" in each.get("state", {}):
                    return str(pod["metadata"]["name"])
        return None

    victim = until(at_work, 300, "a pod at work")
    cluster.kubectl("delete", "pod", victim, "--wait=false")
    cluster.completed("killed")
    assert victim not in [
        pod["metadata"]["name"] for pod in cluster.pods_of("killed") if pod["status"]["phase"] == "Succeeded"
    ]
    doubled = """
        select count(*) from (
            select load_id, load_position from raw.smartpizza__orders group by 1, 2 having count(*) > 1
        ) as twice
    """
    assert cluster.scalar(doubled) == 0
    assert cluster.scalar("select count(*) from ops.sweeps where status = 'running'") == 0


def test_a_backfill_in_three_shards_reads_every_window(cluster: Cluster) -> None:
    cluster.start("backfill", "backfill-smartpizza")
    cluster.completed("backfill")
    assert cluster.get("job", "backfill")["status"]["completedIndexes"] in ("0-2", "0,1,2")
    runs = "select count(*) from ops.runs where command = 'backfill' and status = 'done'"
    assert cluster.scalar(runs) == 3


def test_a_typo_in_the_config_map_fails_at_once_and_is_named(cluster: Cluster) -> None:
    cluster.apply("\n[run]\nparalel = 3\n")
    cluster.suspend(PIPELINE)
    cluster.start("typo", PIPELINE)
    condition = cluster.finished("typo", 300)
    assert (condition["type"], condition["reason"]) == ("Failed", "PodFailurePolicy")
    assert "did you mean parallel?" in cluster.logs_of("typo")
    assert len(cluster.pods_of("typo")) == 1, "trying again would not help"


def test_the_mended_config_map_runs_again(cluster: Cluster) -> None:
    cluster.apply()
    cluster.suspend(PIPELINE)
    cluster.start("mended", PIPELINE)
    cluster.completed("mended")
