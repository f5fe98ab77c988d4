"""Under the network policies each pod gets to names, Postgres and, where it extracts, to APIs; and nowhere else."""

import tomllib
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from tests.k8s.manifests import Object
from tests.k8s.objects import Pod, arguments, dig, is_ours, of_kind, pods, selects, variables

DNS = 53
HTTPS = 443
EXTRACTING = {"check", "run", "backfill"}


def reach(objects: Sequence[Object]) -> Iterator[str]:
    policies = of_kind(objects, "NetworkPolicy")
    for pod in pods(objects):
        ours = [container for container in pod.containers if is_ours(container)]
        mine = [each for each in policies if selects(dig(each, "spec", "podSelector"), pod.labels)]
        if policies and not mine:
            yield f"{pod.name}: no network policy covers it"
        if not ours or not mine:
            continue
        needed = set().union(*(ports(pod, container, objects) for container in ours))
        reached = {
            port["port"]
            for policy in mine
            for rule in dig(policy, "spec", "egress")
            if rule.get("to")
            for port in dig(rule, "ports")
        }
        if needed - reached:
            yield f"{pod.name}: cannot reach port {shown(needed - reached)}"
        if reached - needed:
            yield f"{pod.name}: may reach port {shown(reached - needed)}, which it does not need"


def ports(pod: Pod, container: Object, objects: Sequence[Object]) -> set[int]:
    """What a container needs to reach."""
    env = variables(pod, container, objects)
    command = arguments(container, env)[:2]
    if command == ["docs", "serve"]:
        return set()
    needed = {DNS, int(env.get("PGPORT") or 5432)}
    if command[:1] in (["archive"], ["alert"]):
        needed.add(HTTPS)
    if command and command[0] in EXTRACTING:
        needed.add(api_port(command[1], objects))
    return needed


def api_port(source: str, objects: Sequence[Object]) -> int:
    """The port of a source's API, as the ConfigMap says."""
    for each in of_kind(objects, "ConfigMap"):
        sections = tomllib.loads(dig(each, "data").get("extract.toml", "")).get("sources", {})
        if "base_url" in sections.get(source, {}):
            return urlsplit(sections[source]["base_url"]).port or HTTPS
    return HTTPS


def shown(values: set[int]) -> str:
    return ", ".join(map(str, sorted(values)))
