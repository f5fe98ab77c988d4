"""Geometry of the page's small pictures, in the units of their viewBox."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

Value = float | None
Place = Callable[[int, float], tuple[float, float]]


@dataclass(frozen=True, slots=True)
class Chart:
    """A line over its band of what is expected; `dots` are the values beyond it, `last` the newest one."""

    line: str
    band: str
    dots: list[tuple[float, float]]
    last: tuple[float, float] | None
    width: float
    height: float


def chart(
    values: Sequence[Value],
    lower: Sequence[Value],
    upper: Sequence[Value],
    wrong: Sequence[bool],
    *,
    width: float = 240,
    height: float = 64,
) -> Chart:
    """Draws values from left to right. What is None is left out of line and band."""
    known = [each for each in (*values, *lower, *upper) if each is not None]
    low, high = (min(known), max(known)) if known else (0.0, 1.0)
    if low == high:
        low, high = low - 1, high + 1
    margin = 4.0
    step = (width - 2 * margin) / max(len(values) - 1, 1)

    def place(index: int, value: float) -> tuple[float, float]:
        share = (value - low) / (high - low)
        return round(margin + index * step, 1), round(height - margin - share * (height - 2 * margin), 1)

    points = [place(index, value) for index, value in enumerate(values) if value is not None]
    return Chart(
        line=_path(points),
        band=_band(lower, upper, place),
        dots=[
            place(index, value) for index, value in enumerate(values) if value is not None and wrong[index]
        ],
        last=points[-1] if points else None,
        width=width,
        height=height,
    )


def _path(points: Sequence[tuple[float, float]]) -> str:
    return " ".join(f"{'L' if index else 'M'}{x} {y}" for index, (x, y) in enumerate(points))


def _band(lower: Sequence[Value], upper: Sequence[Value], place: Place) -> str:
    """One area a stretch of days that have both bounds."""
    areas: list[str] = []
    stretch: list[int] = []
    for index in range(len(lower) + 1):
        if index < len(lower) and lower[index] is not None and upper[index] is not None:
            stretch.append(index)
            continue
        if stretch:
            above = [place(each, value) for each in stretch if (value := upper[each]) is not None]
            below = [place(each, value) for each in stretch if (value := lower[each]) is not None]
            areas.append(f"{_path([*above, *reversed(below)])} Z")
            stretch = []
    return " ".join(areas)
