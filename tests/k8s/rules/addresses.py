"""Hosts without a dot are Services of the same namespace, with that port."""

import tomllib
from collections.abc import Iterator, Sequence
from urllib.parse import urlsplit

from tests.k8s.manifests import Object
from tests.k8s.objects import dig, named, of_kind


def addresses(objects: Sequence[Object]) -> Iterator[str]:
    services = {
        (each["metadata"]["name"], port["port"])
        for each in of_kind(objects, "Service")
        for port in each["spec"]["ports"]
    }
    for each in of_kind(objects, "ConfigMap"):
        for host, port in named_in(dig(each, "data")):
            if "." not in host and (host, port) not in services:
                yield f"{named(each)}: {host}:{port}: no Service has this name and port"


def named_in(data: dict[str, str]) -> Iterator[tuple[str, int]]:
    """Hosts and ports in a ConfigMap: Postgres' and the APIs'."""
    if "PGHOST" in data:
        yield data["PGHOST"], int(data.get("PGPORT", "5432"))
    try:
        sources = tomllib.loads(data.get("extract.toml", "")).get("sources", {})
    except tomllib.TOMLDecodeError:
        return
    for section in sources.values():
        if "base_url" in section:
            url = urlsplit(section["base_url"])
            yield url.hostname or "", url.port or {"http": 80, "https": 443}.get(url.scheme, 0)
