"""No run hangs for ever, none is forgotten, and what is over goes away."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import named, of_kind, pods


def deadlines(objects: Sequence[Object]) -> Iterator[str]:
    for each in of_kind(objects, "CronJob"):
        spec = each["spec"]
        if spec.get("concurrencyPolicy") != "Forbid":
            yield f"{named(each)}: concurrencyPolicy has to be Forbid"
        # The controller looks every ten seconds.
        if spec.get("startingDeadlineSeconds", 0) < 10:
            yield f"{named(each)}: startingDeadlineSeconds has to be 10 at least"
        for name in ("successfulJobsHistoryLimit", "failedJobsHistoryLimit"):
            if not spec.get(name):
                yield f"{named(each)}: {name} is not set"
    for pod in pods(objects):
        if pod.owner["kind"] in ("Job", "CronJob"):
            for name in ("activeDeadlineSeconds", "ttlSecondsAfterFinished"):
                if not pod.job.get(name):
                    yield f"{pod.name}: {name} is not set"
