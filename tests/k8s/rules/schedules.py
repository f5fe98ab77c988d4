"""Schedules that Kubernetes can read, in a time zone that is there, and that do not pile up."""

from collections.abc import Iterator, Sequence
from datetime import datetime, timedelta
from zoneinfo import ZoneInfo

from cronsim import CronSim, CronSimError

from tests.k8s.manifests import Object
from tests.k8s.objects import named, of_kind

# What cronsim reads and Kubernetes does not.
FOREIGN = ("L", "#", "W")


def schedules(objects: Sequence[Object]) -> Iterator[str]:
    for each in of_kind(objects, "CronJob"):
        spec = each["spec"]
        try:
            ZoneInfo(spec.get("timeZone", ""))
        except (KeyError, ValueError, OSError):
            yield f"{named(each)}: timeZone {spec.get('timeZone')}: name one of the IANA database, such as Etc/UTC"
        schedule = str(spec.get("schedule"))
        try:
            times = CronSim(schedule, datetime(2026, 1, 1))  # noqa: DTZ001 - the schedule's own zone
            first, second = next(times), next(times)
        except (CronSimError, StopIteration):
            yield f"{named(each)}: schedule {schedule}: give five fields, such as 5 * * * *"
            continue
        if any(letter in schedule.split()[index] for index in (2, 4) for letter in FOREIGN):
            yield f"{named(each)}: schedule {schedule}: Kubernetes knows no L, W or #"
        deadline = spec["jobTemplate"]["spec"].get("activeDeadlineSeconds")
        often = second - first < timedelta(minutes=5)
        if (
            deadline
            and not spec.get("suspend")
            and not often
            and timedelta(seconds=deadline) > second - first
        ):
            yield f"{named(each)}: activeDeadlineSeconds {deadline} is longer than from one run to the next"
