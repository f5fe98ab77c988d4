"""The `restricted` pod security standard, a read-only root file system, and no token of Kubernetes."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import containers, dig, named, of_kind, pods

VOLUMES = {"configMap", "emptyDir", "persistentVolumeClaim", "projected", "secret", "downwardAPI", "csi"}
ENFORCE = "pod-security.kubernetes.io/enforce"


def restricted(objects: Sequence[Object]) -> Iterator[str]:
    for each in of_kind(objects, "Namespace"):
        if dig(each, "metadata", "labels").get(ENFORCE) != "restricted":
            yield f"{named(each)}: label {ENFORCE} has to be restricted"
    for pod in pods(objects):
        security = dig(pod.spec, "securityContext")
        user = security.get("runAsUser")
        if security.get("runAsNonRoot") is not True or not isinstance(user, int) or user == 0:
            yield f"{pod.name}: runAsNonRoot and a number other than 0 as runAsUser are needed"
        if dig(security, "seccompProfile").get("type") != "RuntimeDefault":
            yield f"{pod.name}: seccompProfile has to be RuntimeDefault"
        for name in ("hostNetwork", "hostPID", "hostIPC"):
            if pod.spec.get(name):
                yield f"{pod.name}: {name} is not allowed"
        if pod.spec.get("automountServiceAccountToken") is not False:
            yield f"{pod.name}: automountServiceAccountToken has to be false"
        for volume in dig(pod.spec, "volumes"):
            if kinds := set(volume) - {"name"} - VOLUMES:
                yield f"{pod.name}: volume {volume['name']}: {', '.join(kinds)} is not allowed"
    for _, container, name in containers(objects):
        security = dig(container, "securityContext")
        wanted = {
            "allowPrivilegeEscalation": security.get("allowPrivilegeEscalation") is False,
            "readOnlyRootFilesystem": security.get("readOnlyRootFilesystem") is True,
            "capabilities": dig(security, "capabilities") == {"drop": ["ALL"]},
            "privileged": not security.get("privileged"),
            "runAsUser": security.get("runAsUser", 1) != 0,
        }
        yield from (
            f"{name}: {key} is not as `restricted` wants it" for key, holds in wanted.items() if not holds
        )
