"""A Job's pods never restart in place: podFailurePolicy sees exit codes only then. Servers always do."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import pods


def restarts(objects: Sequence[Object]) -> Iterator[str]:
    for pod in pods(objects):
        is_job = pod.owner["kind"] in ("Job", "CronJob")
        policy, wanted = pod.spec.get("restartPolicy", "Always"), "Never" if is_job else "Always"
        if policy != wanted:
            yield f"{pod.name}: restartPolicy {policy}: it has to be {wanted}"
