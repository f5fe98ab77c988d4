"""Imports form a directed acyclic graph, and sources declare without doing any I/O."""

import ast
from graphlib import TopologicalSorter
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[1]
PACKAGES = ("extract", "sandbox")
DECLARING = {
    "extract.source",
    "extract.auth_kinds",
    "extract.paginate",
    "extract.part",
    "extract.preflight_kinds",
    "extract.setting_types",
    "collections.abc",
    "dataclasses",
    "typing",
    "pydantic",
    "datetime",
}


def modules(package: str) -> dict[str, Path]:
    found = {}
    for path in sorted((ROOT / package).rglob("*.py")):
        parts = path.relative_to(ROOT).with_suffix("").parts
        found[".".join(parts[:-1] if parts[-1] == "__init__" else parts)] = path
    return found


def imported(path: Path) -> set[str]:
    """Modules that a file imports, anywhere in it: ours exactly, others by the name in the statement."""
    known = set().union(*(modules(package) for package in PACKAGES))
    names: set[str] = set()
    for node in ast.walk(ast.parse(path.read_text(encoding="utf-8"))):
        if isinstance(node, ast.Import):
            names |= {alias.name for alias in node.names}
        elif isinstance(node, ast.ImportFrom):
            assert node.level == 0, f"{path}: imports are absolute"
            package = node.module or ""
            names |= {f"{package}.{alias.name}" for alias in node.names} & known or {package}
    return names


@pytest.mark.parametrize("package", PACKAGES)
def test_imports_form_a_dag(package: str) -> None:
    known = modules(package)
    graph = {
        name: {used for used in imported(path) if used in known} - {name} for name, path in known.items()
    }
    tuple(TopologicalSorter(graph).static_order())


def test_the_extractor_does_not_know_the_sandbox() -> None:
    for name, path in modules("extract").items():
        assert not {used for used in imported(path) if used.split(".")[0] == "sandbox"}, name


@pytest.mark.parametrize(
    "path", sorted((ROOT / "extract/sources").glob("[!_]*.py")), ids=lambda path: path.stem
)
def test_a_source_only_declares(path: Path) -> None:
    tops = imported(path)
    assert tops <= DECLARING, f"{path.name} imports {tops - DECLARING}: a source does no I/O"
    tree = ast.parse(path.read_text(encoding="utf-8"))
    assert not [node for node in ast.walk(tree) if isinstance(node, ast.If | ast.For | ast.While | ast.Try)]


def test_only_sources_knows_how_sources_are_found() -> None:
    for name, path in modules("extract").items():
        if name != "extract.sources":
            assert not {used for used in imported(path) if used.startswith("extract.sources.")}, name
