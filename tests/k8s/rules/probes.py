"""Servers say when they are ready and whether they live, at ports they open; jobs have no probes."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import containers, dig

PROBES = ("readinessProbe", "livenessProbe")


def probes(objects: Sequence[Object]) -> Iterator[str]:
    for pod, container, name in containers(objects):
        there = [probe for probe in PROBES if probe in container]
        if pod.job:
            yield from (f"{name}: a job has no {probe}" for probe in there)
            continue
        opened = {
            value for port in dig(container, "ports") for value in (port.get("name"), port["containerPort"])
        }
        if opened:
            yield from (f"{name}: has no {probe}" for probe in PROBES if probe not in there)
        for probe in there:
            port = dig(container, probe, "httpGet").get("port")
            if port is not None and port not in opened:
                yield f"{name}: {probe} asks port {port}, which it does not open"
