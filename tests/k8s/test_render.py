"""Every overlay renders, as the three newest versions of Kubernetes understand it, and changes where it should."""

import re
import shutil
import subprocess
import sys
from pathlib import Path

import kubernetes_validate
import pytest
import yaml
from kubernetes_validate.utils import all_versions, major_minor

from tests.k8s.manifests import K8S, KUBECTL, OVERLAYS, ROOT, Object, objects_in, overlay, render
from tests.k8s.objects import dig, of_kind, pods

NEWEST = list({major_minor(version): version for version in all_versions()}.values())[-3:]


def test_the_demo_staging_and_production_are_there() -> None:
    assert {"demo", "production", "staging"} <= set(OVERLAYS)
    assert len(NEWEST) == 3


@pytest.mark.parametrize("version", NEWEST)
@pytest.mark.parametrize("name", OVERLAYS)
def test_an_object_that_a_version_does_not_know_is_not_shipped(name: str, version: str) -> None:
    for each in overlay(name):
        kubernetes_validate.validate(each, version, strict=True)


@pytest.mark.parametrize("name", OVERLAYS)
def test_what_kubectl_cannot_decode_is_not_shipped(name: str, tmp_path: Path) -> None:
    """`set image` decodes every pod strictly, quantities included, and asks no cluster."""
    path = tmp_path / "pods.yaml"
    path.write_text(yaml.safe_dump_all([pod.owner for pod in pods(overlay(name))]))
    command = [KUBECTL, "set", "image", "--local", "-f", str(path), "*=x", "-o", "name"]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_the_schemas_and_kubectl_refuse_what_they_should(tmp_path: Path) -> None:
    cron = next(each for each in overlay("production") if each["kind"] == "CronJob")
    with pytest.raises(kubernetes_validate.ValidationError):
        kubernetes_validate.validate(
            cron | {"spec": cron["spec"] | {"shedule": "* * * * *"}}, NEWEST[-1], strict=True
        )


@pytest.fixture
def fork(tmp_path: Path) -> Path:
    """A copy of the manifests that may be changed."""
    shutil.copytree(K8S, tmp_path / "k8s")
    shutil.copytree(ROOT / "profiles", tmp_path / "profiles")
    return tmp_path / "k8s"


def cron_job(objects: list[Object], name: str) -> Object:
    return next(each for each in of_kind(objects, "CronJob") if each["metadata"]["name"] == name)


def test_a_pipeline_is_added_by_one_small_folder(fork: Path) -> None:
    folder = fork / "pipelines" / "web-shop"
    shutil.copytree(fork / "pipelines" / "smartpizza", folder)
    text = (folder / "cronjob.yaml").read_text()
    (folder / "cronjob.yaml").write_text(
        text.replace("smartpizza", "web-shop").replace("SMARTPIZZA", "WEB_SHOP").replace('"5 *', '"25 *')
    )
    listed = fork / "pipelines" / "kustomization.yaml"
    listed.write_text(listed.read_text() + "  - web-shop\n")
    before, after = list(overlay("production")), objects_in(render(fork / "overlays" / "production"))
    assert [each for each in after if each not in before] == [cron_job(after, "web-shop")]
    assert [each for each in before if each not in after] == []
    added = cron_job(after, "web-shop")["spec"]
    assert added["schedule"] == "25 * * * *"
    (pod,) = pods([cron_job(after, "web-shop")])
    assert [dig(each, "args")[:2] for each in pod.containers] == [
        ["check", "web-shop"],
        ["run", "web-shop"],
        ["build", "web-shop"],
    ]
    assert len(text.splitlines()) <= 50


@pytest.mark.parametrize(
    ("file", "line"),
    [
        ("k8s/overlays/production/extract.toml", "\n[run]\nparallel = 3\n"),
        ("k8s/overlays/production/database.env", "\nDBT_THREADS=2\n"),
        ("k8s/base/vars.yml", "\nreplay_from: 2026-03-01\n"),
        ("profiles/profiles.yml", "\n# another\n"),
    ],
)
def test_a_changed_setting_reaches_the_next_pod_without_a_new_image(fork: Path, file: str, line: str) -> None:
    before = cron_job(list(overlay("production")), "smartpizza")
    path = fork.parent / file
    path.write_text(path.read_text() + line)
    after = cron_job(objects_in(render(fork / "overlays" / "production")), "smartpizza")
    assert before != after, "its ConfigMap has another name"
    assert images(before) == images(after)


def images(cron: Object) -> set[str]:
    return {each["image"] for pod in pods([cron]) for each in pod.containers}


def test_no_secret_is_in_the_manifests_but_the_demos() -> None:
    for name in set(OVERLAYS) - {"demo"}:
        assert not of_kind(overlay(name), "Secret"), name


def test_the_example_for_external_secrets_renders_beside_production(fork: Path) -> None:
    path = fork / "overlays" / "production" / "kustomization.yaml"
    path.write_text(
        path.read_text().replace("components:\n", "components:\n  - ../../components/external-secrets\n")
    )
    made = of_kind(objects_in(render(path.parent)), "ExternalSecret")
    assert {each["metadata"]["namespace"] for each in made} == {"elt"}


def test_the_dockerfile_breaks_no_rule_of_hadolint() -> None:
    hadolint = Path(sys.executable).with_name("hadolint")
    done = subprocess.run([hadolint, ROOT / "Dockerfile"], capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr


def test_the_dockerfile_is_pinned_and_needs_nothing_that_only_docker_knows() -> None:
    text = (ROOT / "Dockerfile").read_text()
    assert re.search(r"^ARG PYTHON_IMAGE=\S+@sha256:[0-9a-f]{64}$", text, re.M)
    assert "<<" not in text, "buildah reads no heredoc"
    assert "--mount" not in text
    for install in re.findall(r"pip.* install (?:[^&\n]|\\\n)*", text):
        assert "--require-hashes" in install or "--no-index" in install, install
    stages = re.split(r"^FROM ", text, flags=re.M)
    assert re.search(r"^USER (\d+):(\d+)$", stages[-3], re.M), "the stage that both targets stand on"
