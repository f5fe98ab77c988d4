"""Mounts and volumes belong together; only emptyDirs and claims are written to; /tmp is there to be written."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import containers, dig, pods

TMP = "/tmp"  # noqa: S108 - a path in a pod
WRITABLE = ("emptyDir", "persistentVolumeClaim")


def mounts(objects: Sequence[Object]) -> Iterator[str]:
    for pod in pods(objects):
        mounted = {mount["name"] for each in pod.containers for mount in dig(each, "volumeMounts")}
        for volume in dig(pod.spec, "volumes"):
            if volume["name"] not in mounted:
                yield f"{pod.name}: volume {volume['name']} is mounted nowhere"
    for pod, container, name in containers(objects):
        volumes = {volume["name"]: volume for volume in dig(pod.spec, "volumes")}
        claims = {dig(each, "metadata", "name") for each in dig(pod.owner, "spec", "volumeClaimTemplates")}
        for mount in dig(container, "volumeMounts"):
            volume = volumes.get(mount["name"])
            if volume is None:
                if mount["name"] not in claims:
                    yield f"{name}: mounts {mount['name']}, which is no volume of the pod"
            elif not mount.get("readOnly") and not any(kind in volume for kind in WRITABLE):
                yield f"{name}: mounts {mount['name']} to write to it"
        if pod.job and TMP not in {mount["mountPath"] for mount in dig(container, "volumeMounts")}:
            yield f"{name}: has no /tmp to write to"
