"""The preflight of a source: clocks agree, what the settings name is there, and how much of the limit is used.

Its requests are answered like any others, so that the headers teach the budget before the first page is asked for.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from datetime import UTC, datetime
from typing import Any

import msgspec

from extract.answer import Answer
from extract.bad_body import describe
from extract.cursor import format_time, read_time
from extract.envelope import Opener
from extract.errors import BadAnswerError, ConfigurationError, RefusedError
from extract.json_shape import Leaf, nested_type, record_type, steps, value_at
from extract.preflight_kinds import Listed, ServerClock
from extract.rest import RestClient
from extract.source import Source, SourceSettings
from extract.usage import api_time, left_of

_NAMED = 10  # in an error


@dataclass(slots=True)
class Cleared:
    """What a preflight saw that is no reason to stop.

    `skew_seconds` is how far the API's clock is ahead of ours, `resting` maps names that are not active to their
    status, `used` is what everybody behind our address has used of `limit` units.
    """

    skew_seconds: float | None = None
    resting: dict[str, str] = field(default_factory=dict)
    used: int | None = None
    limit: int | None = None

    def __str__(self) -> str:
        told = []
        if self.skew_seconds is not None:
            told.append(f"clocks {abs(self.skew_seconds):.1f} s apart")
        if self.used is not None:
            told.append(f"{self.used:,} of {self.limit:,} units used")
        told += [f"{name} rests: {status}" for name, status in self.resting.items()]
        return ", ".join(told)


def clear(client: RestClient, source: Source, settings: SourceSettings) -> Cleared:
    """Looks at what `source` declares. Raises ConfigurationError for what a person must set right.

    Also raises what `RestClient.get` does.
    """
    cleared = Cleared()
    if source.preflight is None:
        return cleared
    look = _Look(client, source, settings, cleared)
    if source.preflight.clock is not None:
        look.at_clock(source.preflight.clock)
    if source.preflight.listed is not None:
        look.at_names(source.preflight.listed)
    return cleared


class _Look:
    """The looks of one preflight, which write down in `cleared` what they see."""

    def __init__(
        self, client: RestClient, source: Source, settings: SourceSettings, cleared: Cleared
    ) -> None:
        self._client = client
        self._source = source
        self._settings = settings
        self._cleared = cleared

    def at_clock(self, clock: ServerClock) -> None:
        """Compares clocks; twice where they differ too much, since an answer may have been long on its way."""
        allowed = clock.max_skew_seconds(self._settings)
        for _ in range(2):
            theirs, ours = self._client.get(
                clock.path, {}, lambda answer: self._time(clock, answer), clock.request_cost
            )
            self._cleared.skew_seconds = skew = (theirs - ours).total_seconds()
            if abs(skew) <= allowed:
                return
        raise ConfigurationError(
            f"{self._source.name}: the API's clock says {format_time(theirs)}, this machine's {format_time(ours)}: "
            f"{abs(skew):,.0f} s apart, more than max_skew_seconds = {allowed:g} in [sources.{self._source.name}] "
            "allows; set the machine's clock"
        )

    def at_names(self, listed: Listed) -> None:
        """Looks whether all names are there, and which of them rest."""
        names = listed.names(self._settings)
        found, refused = self._status_of(listed, names)
        refused |= {
            name: "the API's list lacks it" for name in names if name not in found and name not in refused
        }
        if refused:
            told = ", ".join(list(refused)[:_NAMED]) + (", ..." if len(refused) > _NAMED else "")
            raise ConfigurationError(
                f"{self._source.name}: {listed.noun} {told} in [sources.{self._source.name}] does not exist: "
                f"{next(iter(refused.values()))}"
            )
        self._cleared.resting = {
            name: status for name, status in found.items() if status not in listed.active
        }

    def _status_of(self, listed: Listed, names: Sequence[str]) -> tuple[dict[str, str], dict[str, str]]:
        """The status of each of `names`, and why the API refuses the others, which halving finds."""
        if not names:
            return {}, {}
        try:
            found = self._client.get(
                listed.path,
                listed.params(names),
                lambda answer: self._statuses(listed, answer),
                listed.request_cost,
            )
            return {name: found[name] for name in names if name in found}, {}
        except RefusedError as error:
            if len(names) == 1:
                return {}, {names[0]: str(error)}
        middle = len(names) // 2
        found, refused = self._status_of(listed, names[:middle])
        more_found, more_refused = self._status_of(listed, names[middle:])
        return found | more_found, refused | more_refused

    def _time(self, clock: ServerClock, answer: Answer) -> tuple[datetime, datetime]:
        """The API's time and ours at its answer."""
        ours = datetime.now(UTC)
        self._note_use(answer.headers)
        kind: Any = int | float | str
        path = steps(clock.field)
        try:
            leaf = Leaf(kind)
            told = value_at(msgspec.json.decode(answer.body, type=nested_type({path: leaf})), path, leaf)
            return read_time(told, clock.form), ours
        except (msgspec.MsgspecError, ValueError, RecursionError) as error:
            raise BadAnswerError(describe(answer.body, error)) from error

    def _statuses(self, listed: Listed, answer: Answer) -> dict[str, str]:
        self._note_use(answer.headers)
        fields = {"name": (listed.name, Leaf(str)), "status": (listed.status, Leaf(str))}
        decoder = msgspec.json.Decoder(record_type(fields))
        try:
            records = [decoder.decode(record) for record in Opener(listed.envelope).open(answer).records]
        except msgspec.MsgspecError as error:
            raise BadAnswerError(describe(answer.body, error)) from error
        return {record.name: record.status for record in records}

    def _note_use(self, headers: Mapping[str, str]) -> None:
        usage, budget = self._source.usage, self._settings.budget
        limit = (usage.limit if usage else None) or (budget.per_minute if budget else None)
        if usage is None or limit is None:
            return
        left = left_of(usage, headers, limit, api_time(headers))
        if left is not None:
            self._cleared.used, self._cleared.limit = round(limit - left.remaining), limit
