"""Everything carries the project's label; pods also say what they are, which network policies go by."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import OURS, dig, named, pods

NAME, COMPONENT = "app.kubernetes.io/name", "app.kubernetes.io/component"
BARE = ("Namespace", "ConfigMap", "Secret")


def labels(objects: Sequence[Object]) -> Iterator[str]:
    for each in objects:
        if each.get("kind") not in BARE and dig(each, "metadata", "labels").get(NAME) != OURS:
            yield f"{named(each)}: label {NAME} has to be {OURS}"
    for pod in pods(objects):
        if COMPONENT not in pod.labels:
            yield f"{pod.name}: its pods lack the label {COMPONENT}"
