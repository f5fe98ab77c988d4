"""The section with the lineage: streams on the left, and each table to the right of all that it is made of."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from psycopg.sql import SQL

from extract.report_page import shown
from extract.report_page.snapshot import Snapshot, named

LINEAGE, FAILING = "ops.lineage", "ops.failing_tests"
_COLUMN, _ROW, _BOX, _HEIGHT = 246, 30, 206, 22


@dataclass(slots=True)
class Box:
    """A stream or table at its place; `verdict` is the worst of its tests' last results."""

    name: str
    label: str
    kind: str
    x: float
    y: float
    verdict: str = "pass"


def lineage(snapshot: Snapshot) -> dict[str, Any]:
    """Boxes and edges as of the last builds."""
    snapshot.assert_readable(LINEAGE, "extract init, then extract build")
    edges = [
        (row["input"], row["model"])
        for row in snapshot.rows(
            SQL("select input, model from {} order by model, input").format(named(LINEAGE))
        )
    ]
    verdicts: dict[str, str] = {}
    for row in snapshot.rows(
        SQL("select model, verdict from {} order by verdict desc").format(named(FAILING))
    ):
        verdicts[row["model"]] = row["verdict"]
    boxes = _placed(edges)
    for box in boxes.values():
        box.verdict = verdicts.get(box.label, "pass") if box.kind != "stream" else "pass"
    paths = [_curve(boxes[source], boxes[target]) for source, target in edges]
    return {
        "boxes": list(boxes.values()),
        "edges": paths,
        "box": _BOX,
        "line": _HEIGHT,
        "width": max((box.x for box in boxes.values()), default=0) + _BOX + 2,
        "height": max((box.y for box in boxes.values()), default=0) + _HEIGHT + 2,
        "count": snapshot.figure(
            SQL("select count(distinct model) from {}").format(named(LINEAGE)), shown.count
        ),
    }


def _placed(edges: list[tuple[str, str]]) -> dict[str, Box]:
    """Each name's box: its column one to the right of its farthest input, in the order of what it is made of."""
    parents: dict[str, list[str]] = {}
    for source, target in edges:
        parents.setdefault(source, [])
        parents.setdefault(target, []).append(source)
    depths: dict[str, int] = {}
    while len(depths) < len(parents):
        ready = [n for n in parents if n not in depths and all(p in depths for p in parents[n])]
        # What is made of itself by way of others has no place; dbt allows none.
        for name in ready or [n for n in parents if n not in depths]:
            depths[name] = 1 + max((depths.get(p, 0) for p in parents[name]), default=-1)
    boxes: dict[str, Box] = {}
    for depth in range(max(depths.values(), default=-1) + 1):
        names = sorted(
            (n for n in depths if depths[n] == depth), key=lambda n: (_middle(n, parents, boxes), n)
        )
        for index, name in enumerate(names):
            schema, _, label = name.partition(".")
            is_stream = not parents[name]
            box = Box(name, name if is_stream else label, "stream" if is_stream else schema, 1, 1)
            box.x, box.y = 1 + depth * _COLUMN, 1 + index * _ROW
            boxes[name] = box
    return boxes


def _middle(name: str, parents: Mapping[str, list[str]], boxes: Mapping[str, Box]) -> float:
    heights = [boxes[parent].y for parent in parents[name] if parent in boxes]
    return sum(heights) / len(heights) if heights else 0.0


def _curve(source: Box, target: Box) -> str:
    begin, end = (source.x + _BOX, source.y + _HEIGHT / 2), (target.x, target.y + _HEIGHT / 2)
    bend = max(24.0, (end[0] - begin[0]) / 2)
    return f"M{begin[0]} {begin[1]} C{begin[0] + bend} {begin[1]} {end[0] - bend} {end[1]} {end[0]} {end[1]}"
