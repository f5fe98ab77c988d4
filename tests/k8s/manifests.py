"""The manifests, rendered by kubectl as a cluster would get them."""

import subprocess
import sys
from functools import cache
from pathlib import Path
from typing import Any

import yaml

ROOT = Path(__file__).resolve().parents[2]
K8S = ROOT / "k8s"
KUBECTL = str(Path(sys.executable).with_name("kubectl"))
OVERLAYS = sorted(path.parent.name for path in K8S.glob("overlays/*/kustomization.yaml"))

Object = dict[str, Any]


def render(folder: Path) -> str:
    """What `kubectl kustomize` makes of a folder, as YAML."""
    done = subprocess.run([KUBECTL, "kustomize", str(folder)], capture_output=True, text=True, check=False)
    assert done.returncode == 0, f"{folder}: {done.stderr}"
    return done.stdout


def objects_in(text: str) -> list[Object]:
    return [document for document in yaml.safe_load_all(text) if document]


@cache
def overlay(name: str) -> tuple[Object, ...]:
    """The objects of an overlay."""
    return tuple(objects_in(render(K8S / "overlays" / name)))


def sources_of(folder: Path) -> list[Object]:
    """All objects in the files of a folder, as they are written."""
    return [each for path in sorted(folder.rglob("*.yaml")) for each in objects_in(path.read_text())]
