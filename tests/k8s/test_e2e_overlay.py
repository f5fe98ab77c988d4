"""What the end-to-end test would deploy renders and keeps the rules, also on a machine without a cluster."""

import tomllib
from pathlib import Path

import pytest

from tests.k8s.e2e.overlay import Wanted
from tests.k8s.manifests import objects_in, render
from tests.k8s.objects import of_kind, pods
from tests.k8s.rules import all_rules

ELSEWHERE = {
    "PGHOST": "10.0.0.5",
    "PGPORT": "5433",
    "PGDATABASE": "elt",
    "PGUSER": "admin",
    "PGPASSWORD": "x",
    "E2E_API": "http://10.0.0.5:8000",
    "SMARTPIZZA_TOKEN": "token",
    "E2E_BINANCE_API": "http://10.0.0.5:8001",
}


@pytest.mark.parametrize(
    ("env", "broken"),
    [
        ({}, set()),
        ({"E2E_IMAGE": "registry.test/small-elt:abc"}, set()),
        (ELSEWHERE, set()),
        (ELSEWHERE | {"E2E_HOST_NETWORK": "1"}, {"restricted"}),
    ],
    ids=["as-it-is", "image", "addresses", "host-network"],
)
def test_the_end_to_end_test_does_not_deploy_what_the_rules_reject(
    env: dict[str, str], broken: set[str], tmp_path: Path
) -> None:
    Wanted("elt-e2e", env).write(tmp_path)
    objects = objects_in(render(tmp_path))
    assert {each["metadata"]["name"] for each in of_kind(objects, "Namespace")} == {"elt-e2e"}
    assert {each["metadata"].get("namespace", "elt-e2e") for each in objects} == {"elt-e2e"}
    # `build` is judged where the manifests are: here only what the overlay upon the overlay may break.
    complaints = {name for name, rule in all_rules().items() if list(rule(objects))} - {"commands"}
    assert complaints == broken
    if "E2E_IMAGE" in env:
        images = {each["image"] for pod in pods(of_kind(objects, "CronJob")) for each in pod.containers}
        assert images == {env["E2E_IMAGE"]}


def test_each_api_that_is_elsewhere_is_asked_there(tmp_path: Path) -> None:
    Wanted("elt-e2e", ELSEWHERE).write(tmp_path)
    objects = objects_in(render(tmp_path))
    (extract,) = [each for each in of_kind(objects, "ConfigMap") if "extract.toml" in each["data"]]
    sources = tomllib.loads(extract["data"]["extract.toml"])["sources"]
    assert {name: source["base_url"] for name, source in sources.items()} == {
        "smartpizza": "http://10.0.0.5:8000",
        "binance": "http://10.0.0.5:8001",
    }
    assert {each["metadata"]["name"] for each in of_kind(objects, "Deployment")} == {"docs-site", "metrics"}
