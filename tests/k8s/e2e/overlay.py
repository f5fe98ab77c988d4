"""An overlay upon an overlay, for one run of the end-to-end test: another namespace, image, addresses.

Asked for by the environment:
    E2E_OVERLAY       folder of the overlay (k8s/overlays/demo)
    E2E_IMAGE         image of the steps, as the cluster knows it; else the overlay's own
    E2E_SANDBOX_IMAGE image of the simulated API
    PGHOST ...        libpq's variables, with an administrator: that Postgres instead of the overlay's own
    E2E_API           base URL, with SMARTPIZZA_TOKEN: that API instead of the overlay's own
    E2E_BINANCE_API   base URL: that instead of the overlay's own simulated Binance
    E2E_HOST_NETWORK  1: pods use the node's network, for a control plane without one of its own
Addresses may be numbers: then no name of a Service is looked up.
"""

import os
import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any

import yaml

from tests.k8s.manifests import K8S, ROOT

ROLES = ("extractor", "transformer", "maintainer", "reporter")
# The variable that names another API, by source.
APIS = {"smartpizza": "E2E_API", "binance": "E2E_BINANCE_API"}


@dataclass
class Wanted:
    """What the environment asks for."""

    namespace: str
    env: Mapping[str, str]
    settings: str = ""
    passwords: dict[str, str] = field(default_factory=lambda: {role: f"e2e-{role}" for role in ROLES})

    @property
    def base(self) -> Path:
        return ROOT / self.env.get("E2E_OVERLAY", str(K8S / "overlays" / "demo"))

    @property
    def elsewhere(self) -> list[str]:
        """The sources whose API is not the overlay's own."""
        return [source for source, variable in APIS.items() if variable in self.env]

    def write(self, folder: Path) -> None:
        """Writes the overlay into an empty folder."""
        given = yaml.safe_load((self.base / "kustomization.yaml").read_text())
        config: dict[str, Any] = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": self.namespace,
            "resources": [os.path.relpath(self.base, folder.resolve())],
            "images": [
                *self.image("small-elt", "E2E_IMAGE"),
                *self.image("small-elt-sandbox", "E2E_SANDBOX_IMAGE"),
            ],
            "patches": [namespace_labels("privileged" if "E2E_HOST_NETWORK" in self.env else "restricted")],
            "configMapGenerator": [
                self.merged(
                    "backfill", given, literals=["BACKFILL_FROM=2026-03-01", "BACKFILL_TO=2026-03-08"]
                )
            ],
            "secretGenerator": [],
        }
        if "PGHOST" in self.env:
            self.other_postgres(config, given)
        for source in self.elsewhere:
            config["patches"] += [deleted("Deployment", f"{source}-api"), deleted("Service", f"{source}-api")]
        if "smartpizza" in self.elsewhere:
            token = f"token={self.env['SMARTPIZZA_TOKEN']}"
            config["secretGenerator"].append(self.merged("smartpizza", given, literals=[token]))
        if self.settings or self.elsewhere:
            text = (self.base / "extract.toml").read_text()
            for source in self.elsewhere:
                text, places = own_api(source).subn(rf'\1"{self.env[APIS[source]]}"', text)
                assert places == 1, f"{self.base}/extract.toml names no base_url of {source}"
            (folder / "extract.toml").write_text(text + self.settings)
            config["configMapGenerator"].append(self.merged("extract", given, files=["extract.toml"]))
        if "E2E_HOST_NETWORK" in self.env:
            config["patches"] += host_network()
        if {"PGHOST", *APIS.values()} & set(self.env):
            # The policies know the overlay's own addresses only.
            config["patches"].append(deleted("NetworkPolicy"))
        (folder / "kustomization.yaml").write_text(yaml.safe_dump(config))

    def other_postgres(self, config: dict[str, Any], given: Any) -> None:
        env = self.env
        where = [
            f"{name}={env[name]}" for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGSSLMODE") if name in env
        ]
        config["configMapGenerator"].append(self.merged("database", given, literals=where))
        secrets = {"postgres-admin": [f"username={env['PGUSER']}", f"password={env['PGPASSWORD']}"]}
        secrets |= {f"postgres-{role}": [f"password={password}"] for role, password in self.passwords.items()}
        config["secretGenerator"] += [
            self.merged(name, given, literals=held) for name, held in secrets.items()
        ]
        config["patches"] += [deleted("StatefulSet", "postgres"), deleted("Service", "postgres")]
        config["patches"] += [
            deleted("NetworkPolicy", name) for name in ("postgres", "to-postgres", "default-deny")
        ]

    def image(self, name: str, variable: str) -> list[dict[str, str]]:
        if variable not in self.env:
            return []
        repository, _, tag = self.env[variable].rpartition(":")
        return [{"name": name, "newName": repository, "newTag": tag}]

    def merged(self, name: str, given: Any, **what: Any) -> dict[str, Any]:
        return {"name": name, "namespace": given["namespace"], "behavior": "merge", **what}


def own_api(source: str) -> re.Pattern[str]:
    """Where extract.toml names a source's API."""
    return re.compile(rf'(\[sources\.{source}\][^\[]*base_url = )"[^"]*"')


def deleted(kind: str, name: str = "") -> dict[str, Any]:
    """The patch that leaves out one object, or all of a kind."""
    versions = {"StatefulSet": "apps/v1", "Deployment": "apps/v1", "NetworkPolicy": "networking.k8s.io/v1"}
    patch: dict[str, Any] = {"$patch": "delete", "apiVersion": versions.get(kind, "v1"), "kind": kind}
    patch["metadata"] = {"name": name or "any"}
    return {"target": {"kind": kind} | ({"name": name} if name else {}), "patch": yaml.safe_dump(patch)}


def namespace_labels(standard: str) -> dict[str, Any]:
    path = "/metadata/labels/pod-security.kubernetes.io~1enforce"
    patch = [{"op": "replace", "path": path, "value": standard}]
    return {"target": {"kind": "Namespace"}, "patch": yaml.safe_dump(patch)}


def host_network() -> list[dict[str, Any]]:
    places = {
        "CronJob": "/spec/jobTemplate/spec/template/spec",
        "Job": "/spec/template/spec",
        "StatefulSet": "/spec/template/spec",
        "Deployment": "/spec/template/spec",
    }
    return [
        {
            "target": {"kind": kind},
            "patch": yaml.safe_dump([{"op": "add", "path": f"{path}/hostNetwork", "value": True}]),
        }
        for kind, path in places.items()
    ]
