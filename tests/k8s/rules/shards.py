"""An Indexed Job has as many completions as its pods think there are shards, and runs some at a time."""

import re
from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import dig, pods


def shards(objects: Sequence[Object]) -> Iterator[str]:
    for pod in pods(objects):
        told = re.findall(r"--shard[= ]\$\(JOB_COMPLETION_INDEX\)/(\d+)", " ".join(words(pod.containers)))
        if pod.job.get("completionMode") != "Indexed":
            if told:
                yield f"{pod.name}: --shard needs completionMode Indexed"
            continue
        completions = pod.job.get("completions")
        if told != [str(completions)]:
            yield f"{pod.name}: {completions} completions, and --shard says {', '.join(told) or 'nothing'}"
        if not pod.job.get("parallelism"):
            yield f"{pod.name}: parallelism is not set"


def words(containers: Sequence[Object]) -> Iterator[str]:
    for container in containers:
        yield from map(str, dig(container, "args"))
