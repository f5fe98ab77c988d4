"""Every container says what it takes and what it may take; every emptyDir how large it may grow."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import containers, dig, pods

RESOURCES = ("cpu", "memory", "ephemeral-storage")


def resources(objects: Sequence[Object]) -> Iterator[str]:
    for _, container, name in containers(objects):
        for kind in ("requests", "limits"):
            lacking = [each for each in RESOURCES if each not in dig(container, "resources", kind)]
            if lacking:
                yield f"{name}: {kind} lack {', '.join(lacking)}"
    for pod in pods(objects):
        for volume in dig(pod.spec, "volumes"):
            if "emptyDir" in volume and not dig(volume, "emptyDir", "sizeLimit"):
                yield f"{pod.name}: volume {volume['name']} has no sizeLimit"
