"""Looking into rendered objects: their pods, containers, variables, labels. Whatever may lack, lacks quietly."""

import re
from collections.abc import Iterable, Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from tests.k8s.manifests import Object

OURS = "small-elt"
TEMPLATES = {
    "CronJob": ("spec", "jobTemplate", "spec", "template"),
    "Job": ("spec", "template"),
    "Deployment": ("spec", "template"),
    "StatefulSet": ("spec", "template"),
}


def dig(value: Any, *path: str) -> Any:
    """The value at a path of keys; an empty mapping where it lacks."""
    for key in path:
        value = (value or {}).get(key) if isinstance(value, Mapping) else None
    return {} if value is None else value


def named(each: Object) -> str:
    """`CronJob smartpizza`"""
    return f"{each.get('kind')} {dig(each, 'metadata', 'name')}"


def of_kind(objects: Iterable[Object], *kinds: str) -> list[Object]:
    return [each for each in objects if each.get("kind") in kinds]


@dataclass(frozen=True)
class Pod:
    """A pod template, and the object that makes pods of it. `job` is the Job's spec, empty for servers."""

    owner: Object
    template: Object
    job: Object

    @property
    def name(self) -> str:
        return named(self.owner)

    @property
    def spec(self) -> Object:
        return dig(self.template, "spec")

    @property
    def labels(self) -> dict[str, str]:
        return dig(self.template, "metadata", "labels")

    @property
    def containers(self) -> list[Object]:
        """In the order in which they start."""
        return [*dig(self.spec, "initContainers"), *dig(self.spec, "containers")]


def pods(objects: Iterable[Object]) -> Iterator[Pod]:
    for each in objects:
        path = TEMPLATES.get(str(each.get("kind")))
        if path is not None:
            job = dig(each, *path[:-1]) if each["kind"] in ("CronJob", "Job") else {}
            yield Pod(each, dig(each, *path), job)


def containers(objects: Iterable[Object]) -> Iterator[tuple[Pod, Object, str]]:
    """Each container with its pod, and what to call it in a complaint."""
    for pod in pods(objects):
        for container in pod.containers:
            yield pod, container, f"{pod.name}: container {container.get('name')}"


def is_ours(container: Object) -> bool:
    """Whether it runs the project's image, whatever its registry and tag."""
    return bool(re.fullmatch(rf"(.*/)?{OURS}(:[^/]*)?", str(container.get("image"))))


def variables(pod: Pod, container: Object, objects: Sequence[Object]) -> dict[str, str | None]:
    """The container's environment as far as the manifests say it; None is a Secret's, or what does not resolve."""
    data = {dig(each, "metadata", "name"): dig(each, "data") for each in of_kind(objects, "ConfigMap")}
    found: dict[str, str | None] = {}
    for source in dig(container, "envFrom"):
        found |= data.get(dig(source, "configMapRef", "name"), {})
    for entry in dig(container, "env"):
        reference = dig(entry, "valueFrom", "configMapKeyRef")
        value = data.get(reference.get("name"), {}).get(reference.get("key")) if reference else None
        found[entry["name"]] = entry.get("value", value)
    if pod.job.get("completionMode") == "Indexed":
        found["JOB_COMPLETION_INDEX"] = "0"
    return found


def arguments(container: Object, env: Mapping[str, str | None]) -> list[str]:
    """The container's arguments with $(NAME) replaced, as the kubelet does; unknown names stay."""

    def value(found: re.Match[str]) -> str:
        known = env.get(found[1], found[0])
        return "from-a-secret" if known is None else known

    words = [*dig(container, "command"), *dig(container, "args")]
    return [re.sub(r"\$\(([A-Za-z_][A-Za-z0-9_.-]*)\)", value, str(word)) for word in words]


def selects(selector: Object, labels: Mapping[str, str]) -> bool:
    """Whether a label selector matches; an empty one matches everything."""
    for key, value in dig(selector, "matchLabels").items():
        if labels.get(key) != value:
            return False
    for term in dig(selector, "matchExpressions"):
        present, values = labels.get(term["key"]), term.get("values", [])
        holds = {
            "In": present in values,
            "NotIn": present not in values,
            "Exists": present is not None,
            "DoesNotExist": present is None,
        }
        if not holds.get(term["operator"], False):
            return False
    return True


def walk(value: Any, path: tuple[str, ...] = ()) -> Iterator[tuple[tuple[str, ...], Any]]:
    """Every value in a tree, with the keys that lead to it; places in lists are left out of the path."""
    yield path, value
    if isinstance(value, Mapping):
        for key, inner in value.items():
            yield from walk(inner, (*path, str(key)))
    elif isinstance(value, list):
        for inner in value:
            yield from walk(inner, path)
