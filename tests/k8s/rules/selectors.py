"""Selectors match a pod, and every Service's port is one that such a pod opens."""

from collections.abc import Iterator, Sequence

from tests.k8s.manifests import Object
from tests.k8s.objects import Pod, dig, named, of_kind, pods, selects, walk


def selectors(objects: Sequence[Object]) -> Iterator[str]:
    every = list(pods(objects))
    for each in of_kind(objects, "Deployment", "StatefulSet"):
        if not selects(dig(each, "spec", "selector"), dig(each, "spec", "template", "metadata", "labels")):
            yield f"{named(each)}: its selector does not match its own pods"
    for each in of_kind(objects, "Service"):
        yield from service(each, every)
    for each in of_kind(objects, "NetworkPolicy", "PodDisruptionBudget", "CronJob"):
        for path, value in walk(each["spec"]):
            # Pods of another namespace are not ours to know.
            if isinstance(value, dict) and path[-1:] in (("from",), ("to",)) and "namespaceSelector" in value:
                continue
            if path[-1:] in (("podSelector",), ("labelSelector",), ("selector",)) and value:
                elsewhere = "k8s-app" in dig(value, "matchLabels")
                if not elsewhere and not any(selects(value, pod.labels) for pod in every):
                    yield f"{named(each)}: {'.'.join(path)} matches no pod"


def service(each: Object, every: Sequence[Pod]) -> Iterator[str]:
    behind = [pod for pod in every if selects({"matchLabels": dig(each, "spec", "selector")}, pod.labels)]
    if not behind:
        yield f"{named(each)}: its selector matches no pod"
        return
    opened = {
        value
        for pod in behind
        for container in pod.containers
        for port in dig(container, "ports")
        for value in (port.get("name"), port["containerPort"])
    }
    for port in each["spec"]["ports"]:
        target = port.get("targetPort", port["port"])
        if target not in opened:
            yield f"{named(each)}: targetPort {target}: no container opens it"
