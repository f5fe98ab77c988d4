"""A cluster without a cluster: the demo overlay, pointed at the embedded Postgres and a simulated API."""

import os
from collections.abc import Callable, Iterator, Mapping, Sequence
from datetime import timedelta
from pathlib import Path
from types import MappingProxyType
from typing import Any

import pytest
import yaml

from sandbox.binance import BinanceConfig, RunningBinance, served
from sandbox.smartpizza import Config, RunningApi, serve
from tests.k8s.container import Node
from tests.k8s.manifests import K8S, objects_in, render

DEMO = "elt-demo"


@pytest.fixture(scope="module")
def api() -> Iterator[RunningApi]:
    with serve(Config(branches=2, days=1, orders_per_day=20)) as running:
        yield running


@pytest.fixture(scope="module")
def market() -> Iterator[RunningBinance]:
    """By real time, as in the demo."""
    with served(BinanceConfig(now=None)) as running:
        yield running


@pytest.fixture
def node(tmp_path: Path, api: RunningApi, market: RunningBinance) -> Callable[..., Node]:
    """Makes a Node: an overlay upon the demo, with the database of `env` and, if given, other files or Secrets.

    `components` are more than the demo has, by name; `settings` are lines more in extract.toml.
    """

    def make(
        env: dict[str, str],
        passwords: dict[str, str],
        *,
        config: str | None = None,
        token: str = api.token,
        components: Sequence[str] = (),
        settings: str = "",
        more_secrets: Mapping[str, Sequence[str]] = MappingProxyType({}),
    ) -> Node:
        overlay = tmp_path / "overlay"
        overlay.mkdir()
        since = (market.now - timedelta(days=5)).isoformat()
        sections = f'[sources.smartpizza]\nbase_url = "{api.url}"\n'
        sections += f'[sources.binance]\nbase_url = "{market.url}"\nstart = "{since}"\n'
        (overlay / "extract.toml").write_text(config or sections + settings)
        where = [
            f"{name}={env[name]}" for name in ("PGHOST", "PGPORT", "PGDATABASE", "PGSSLMODE") if name in env
        ]
        secrets = {"postgres-admin": [f"username={env['PGUSER']}", f"password={env['PGPASSWORD']}"]}
        secrets |= {f"postgres-{role}": [f"password={password}"] for role, password in passwords.items()}
        secrets["smartpizza"] = [f"token={token}"]
        kustomization = {
            "apiVersion": "kustomize.config.k8s.io/v1beta1",
            "kind": "Kustomization",
            "namespace": DEMO,
            "resources": [os.path.relpath(K8S / "overlays" / "demo", overlay)],
            "components": [os.path.relpath(K8S / "components" / name, overlay) for name in components],
            "configMapGenerator": [
                generated("database", literals=where),
                generated("extract", files=["extract.toml"]),
                generated("backfill", literals=["BACKFILL_FROM=2026-03-01", "BACKFILL_TO=2026-03-08"]),
            ],
            "secretGenerator": [
                *(generated(name, literals=given) for name, given in secrets.items()),
                *({"name": name, "literals": list(given)} for name, given in more_secrets.items()),
            ],
        }
        (overlay / "kustomization.yaml").write_text(yaml.safe_dump(kustomization))
        return Node(objects_in(render(overlay)), tmp_path / "node")

    return make


def generated(name: str, **what: Any) -> dict[str, Any]:
    return {"name": name, "behavior": "merge", "namespace": DEMO, **what}


@pytest.fixture
def demo(node: Callable[..., Node], elt_database: Any) -> Node:
    """A node with a database to which `extract init` was applied."""
    return node(elt_database.env(), elt_database.passwords)
