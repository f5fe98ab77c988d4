"""What the rendered pods run does its work as the manifests say it: user, variables, mounts, read-only root."""

from collections.abc import Callable
from typing import Any

import httpx
import psycopg
import pytest

from tests.k8s.container import Done, Node
from tests.k8s.objects import Pod, dig, of_kind, pods
from tests.webhook import webhook


def pod_of(node: Node, kind: str, name: str) -> Pod:
    (found,) = (pod for pod in pods(of_kind(node.objects, kind)) if pod.owner["metadata"]["name"] == name)
    return found


def run_pod(node: Node, pod: Pod, completion_index: int = 0) -> list[tuple[str, Done]]:
    """The pod's containers in their order, up to the first that fails."""
    done: list[tuple[str, Done]] = []
    for container in pod.containers:
        done.append((container["name"], node.run(pod, container, completion_index)))
        if done[-1][1].returncode != 0:
            break
    return done


def verdict(pod: Pod, code: int) -> str:
    """What the Job's podFailurePolicy does about an exit code."""
    for rule in pod.job["podFailurePolicy"]["rules"]:
        if code in dig(rule, "onExitCodes", "values"):
            return str(rule["action"])
    return "Count"


def succeeded(steps: list[tuple[str, Done]]) -> list[str]:
    for name, done in steps:
        assert done.returncode == 0, f"{name} ended with {done.returncode}\n{done.stdout}\n{done.stderr}"
    return [name for name, _ in steps]


def served(node: Node, deployment: str, path: str) -> str:
    """What a server of a pod answers, once it does."""
    pod = pod_of(node, "Deployment", deployment)
    # Connecting is tried again, 0.5, 1, 2, 4, 8 and 16 seconds after.
    transport = httpx.HTTPTransport(retries=7)
    with node.started(pod, pod.containers[0]), httpx.Client(transport=transport, timeout=30) as client:
        return client.get(f"http://127.0.0.1:{path}").raise_for_status().text


def scalar(database: Any, query: str) -> Any:
    with database.connect() as connection:
        return connection.execute(query).fetchone()[0]


@pytest.mark.timeout(900)
def test_a_pipeline_that_only_works_on_a_laptop_would_fail_in_its_pod(demo: Node, elt_database: Any) -> None:
    assert succeeded(run_pod(demo, pod_of(demo, "CronJob", "smartpizza"))) == ["check", "extract", "build"]
    assert scalar(elt_database, "select count(*) from marts.fct_orders") > 0
    assert succeeded(run_pod(demo, pod_of(demo, "CronJob", "binance"))) == ["check", "extract", "build"]
    assert scalar(elt_database, "select count(*) from marts.fct_ohlcv") > 0
    assert succeeded(run_pod(demo, pod_of(demo, "CronJob", "nightly"))) == [
        "partitions",
        "erase-smartpizza",
        "analyze",
        "audit",
        "build",
    ]
    assert succeeded(run_pod(demo, pod_of(demo, "CronJob", "docs"))) == ["docs"]
    assert sorted(path.name for path in (demo.folder / "docs-site" / "site").iterdir()) == [
        "index.html",
        "lineage.html",
    ]
    assert "smartpizza" in served(demo, "docs-site", "8080/lineage.html")
    assert "\nelt_up 1" in served(demo, "metrics", "9399/metrics")


def test_what_only_production_has_would_fail_in_its_pod(node: Callable[..., Node], elt_database: Any) -> None:
    """The archive's step of the night, and the alert, of which the demo has none."""
    with webhook() as hook:
        made = node(
            elt_database.env(),
            elt_database.passwords,
            components=["alerts", "archive"],
            settings='[archive]\nurl = "file:///tmp/archive"\n',
            more_secrets={
                "alert-webhook": [f"url={hook.url}"],
                "archive": ["access-key-id=a", "secret-access-key=b"],
            },
        )
        pipeline = pod_of(made, "CronJob", "smartpizza")
        assert [made.run(pipeline, step).returncode for step in pipeline.containers[:2]] == [0, 0]
        night = pod_of(made, "CronJob", "nightly")
        until_archive = [step["name"] for step in night.containers].index("archive") + 1
        for step in night.containers[:until_archive]:
            done = made.run(night, step)
            assert done.returncode == 0, f"{step['name']}: {done.stdout}\n{done.stderr}"
        with elt_database.connect() as connection:
            connection.execute(
                "update ops.runs set status = 'failed', exit_code = 1 where source = 'smartpizza'"
            )
        assert succeeded(run_pod(made, pod_of(made, "CronJob", "alert"))) == ["alert"]
        (post,) = hook.posts
        assert "run of smartpizza failed" in post["text"]


def test_an_empty_database_is_made_ready_by_the_init_pod(
    node: Callable[..., Node], database: dict[str, str], role_passwords: dict[str, str]
) -> None:
    made = node(database, role_passwords)
    assert succeeded(run_pod(made, pod_of(made, "Job", "init"))) == ["init"]
    login = {"host": database["PGHOST"], "port": database["PGPORT"], "dbname": database["PGDATABASE"]}
    with psycopg.connect(**login, user="extractor", password=role_passwords["extractor"]) as connection:
        connection.execute("select from ops.runs")


def test_the_shards_of_a_backfill_share_its_windows(demo: Node, elt_database: Any) -> None:
    backfill = pod_of(demo, "CronJob", "backfill-smartpizza")
    for index in range(backfill.job["completions"]):
        succeeded(run_pod(demo, backfill, index))
    windows = "select count(*), count(distinct (stream, shard)) from ops.sweeps where status = 'finished'"
    with elt_database.connect() as connection:
        sweeps, distinct = connection.execute(windows).fetchone()
    assert sweeps == distinct > 7


def test_a_missing_secret_is_named_and_not_tried_again(node: Callable[..., Node], elt_database: Any) -> None:
    made = node(elt_database.env(), elt_database.passwords)
    made.objects = [each for each in made.objects if not each["metadata"]["name"].startswith("smartpizza-")]
    pipeline = pod_of(made, "CronJob", "smartpizza")
    (name, done), *_ = run_pod(made, pipeline)
    assert name == "check"
    assert "SMARTPIZZA_TOKEN_FILE" in done.stdout + done.stderr
    assert verdict(pipeline, done.returncode) == "FailJob"


@pytest.mark.parametrize(
    ("role", "owner"), [("extractor", "smartpizza"), ("maintainer", "nightly"), ("transformer", "docs")]
)
def test_a_missing_password_is_named_and_not_tried_again(
    node: Callable[..., Node], elt_database: Any, role: str, owner: str
) -> None:
    made = node(elt_database.env(), elt_database.passwords)
    made.objects = [
        each for each in made.objects if not each["metadata"]["name"].startswith(f"postgres-{role}-")
    ]
    pod = pod_of(made, "CronJob", owner)
    (_, done), *_ = run_pod(made, pod)
    assert "PGPASSWORD" in done.stdout + done.stderr
    assert verdict(pod, done.returncode) == "FailJob"


def test_a_typo_in_the_config_map_is_named_and_not_tried_again(
    node: Callable[..., Node], elt_database: Any
) -> None:
    made = node(elt_database.env(), elt_database.passwords, config="[sources.smartpizza]\npage_sise = 5\n")
    pipeline = pod_of(made, "CronJob", "smartpizza")
    (name, done), *_ = run_pod(made, pipeline)
    assert name == "check"
    assert "/etc/elt/config/extract.toml" in done.stderr or made.folder.name in done.stderr
    assert "page_sise; did you mean page_size?" in done.stderr
    assert verdict(pipeline, done.returncode) == "FailJob"


def test_a_wrong_token_is_told_and_not_tried_again(node: Callable[..., Node], elt_database: Any) -> None:
    made = node(elt_database.env(), elt_database.passwords, token="another")
    pipeline = pod_of(made, "CronJob", "smartpizza")
    (_, done), *_ = run_pod(made, pipeline)
    assert "FAIL smartpizza API" in done.stdout
    assert "another" not in done.stdout + done.stderr
    assert verdict(pipeline, done.returncode) == "FailJob"


def test_a_database_that_is_away_is_tried_again(node: Callable[..., Node], elt_database: Any) -> None:
    made = node(elt_database.env() | {"PGPORT": "9"}, elt_database.passwords)
    for owner in ("smartpizza", "nightly", "docs", "backfill-smartpizza"):
        pod = pod_of(made, "CronJob", owner)
        (_, done), *_ = run_pod(made, pod)
        assert "could not be reached" in done.stdout + done.stderr, owner
        assert verdict(pod, done.returncode) == "Count", owner


def test_a_server_that_cannot_prove_who_it_is_is_told_and_not_tried_again(
    node: Callable[..., Node], elt_database: Any
) -> None:
    made = node(elt_database.env() | {"PGSSLMODE": "verify-full"}, elt_database.passwords)
    pipeline = pod_of(made, "CronJob", "smartpizza")
    (_, done), *_ = run_pod(made, pipeline)
    assert "SSL" in done.stdout + done.stderr
    assert verdict(pipeline, done.returncode) == "FailJob"
