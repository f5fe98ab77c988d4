"""Every ConfigMap, Secret, key, ServiceAccount and claim that a pod names is there.

Secrets are made outside of the manifests: those are known that the example for External Secrets lists.
"""

from collections.abc import Iterator, Sequence
from typing import Any

from tests.k8s.manifests import K8S, Object, sources_of
from tests.k8s.objects import dig, of_kind, pods, walk

Keys = dict[tuple[str, str], set[str]]

# Where a pod names something: its kind, and what the name and the key are called there.
PLACES = {
    ("configMapRef",): ("ConfigMap", "name", None),
    ("configMapKeyRef",): ("ConfigMap", "name", "key"),
    ("configMap",): ("ConfigMap", "name", None),
    ("secretKeyRef",): ("Secret", "name", "key"),
    ("secret",): ("Secret", "secretName", None),
    ("persistentVolumeClaim",): ("PersistentVolumeClaim", "claimName", None),
}


def known_keys(objects: Sequence[Object]) -> Keys:
    """The keys of each ConfigMap and Secret, by kind and name."""
    keys: Keys = {}
    for each in of_kind(objects, "ConfigMap", "Secret"):
        data = dig(each, "data").keys() | dig(each, "stringData").keys()
        keys[each["kind"], each["metadata"]["name"]] = set(data)
    for each in of_kind(sources_of(K8S / "components" / "external-secrets"), "ExternalSecret"):
        name = ("Secret", each["spec"]["target"]["name"])
        keys.setdefault(name, {entry["secretKey"] for entry in each["spec"]["data"]})
    return keys


def asked(path: tuple[str, ...], value: Any) -> tuple[str, str, str | None] | None:
    """Kind, name and key of what a place in a pod's spec names."""
    if not isinstance(value, dict) or path[-1:] not in PLACES:
        return None
    kind, name, key = PLACES[path[-1:]]
    return kind, value[name], value[key] if key else None


def references(objects: Sequence[Object]) -> Iterator[str]:
    keys = known_keys(objects)
    names = {(each["kind"], dig(each, "metadata", "name")) for each in objects} | set(keys)
    for pod in pods(objects):
        account = pod.spec.get("serviceAccountName")
        if account and ("ServiceAccount", account) not in names:
            yield f"{pod.name}: names ServiceAccount {account}, which nothing makes"
        for path, value in walk(pod.spec):
            found = asked(path, value)
            if found is None:
                continue
            kind, name, key = found
            if (kind, name) not in names:
                yield f"{pod.name}: names {kind} {name}, which nothing makes"
            elif key is not None and key not in keys[kind, name]:
                yield f"{pod.name}: {kind} {name} has no key {key}"
