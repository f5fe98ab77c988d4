"""What is scheduled is expected, as often as it is scheduled: else a run that never started is missed late or never.

A schedule of less than five minutes is expected every five.
"""

import tomllib
from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from itertools import pairwise
from typing import Any

from cronsim import CronSim, CronSimError

from extract.expectations import NIGHTLY
from tests.k8s.manifests import Object
from tests.k8s.objects import Pod, arguments, dig, is_ours, named, of_kind, pods, variables

SHORTEST = timedelta(minutes=5)
UNITS = {"minute": "minutes", "hour": "hours", "day": "days", "week": "weeks"}


def expectations(objects: Sequence[Object]) -> Iterator[str]:
    config = toml(objects)
    if config is None:
        return
    for each in of_kind(objects, "CronJob"):
        gap = period(each)
        if gap is None or each["spec"].get("suspend"):
            continue
        for pod in pods([each]):
            for section in sections(pod, objects):
                said = dig(config, *section).get("every")
                if said is None:
                    yield f"{named(each)}: is scheduled, and [{'.'.join(section)}] says no `every`"
                elif span(said) != max(gap, SHORTEST):
                    yield f"{named(each)}: runs every {gap}, and [{'.'.join(section)}] says every {said}"


def sections(pod: Pod, objects: Sequence[Object]) -> Iterator[tuple[str, ...]]:
    """Where the config file says how often this is run."""
    for container in pod.containers:
        words = arguments(container, variables(pod, container, objects))[:2] if is_ours(container) else []
        if words[:1] == ["run"]:
            yield ("sources", words[1])
        if words == ["build", NIGHTLY]:
            yield (NIGHTLY,)


def toml(objects: Sequence[Object]) -> dict[str, Any] | None:
    found = [dig(each, "data").get("extract.toml") for each in of_kind(objects, "ConfigMap")]
    try:
        return next((tomllib.loads(text) for text in found if text is not None), None)
    except tomllib.TOMLDecodeError:
        return None  # rule `configs` says so


def period(cron: Object) -> timedelta | None:
    """The longest time from one start to the next, of ten."""
    try:
        times = CronSim(str(dig(cron, "spec", "schedule")), datetime(2026, 1, 1))  # noqa: DTZ001 - its own zone
        starts = [next(times) for _ in range(10)]
    except (CronSimError, StopIteration):
        return None  # rule `schedules` says so
    return max(later - earlier for earlier, later in pairwise(starts))


def span(text: str) -> timedelta:
    number, unit = text.split()
    return timedelta(**{UNITS[unit.removesuffix("s")]: int(number)})
