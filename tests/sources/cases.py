"""The streams of every source found, and the records of their fixtures.

A source whose streams need settings before there is anything to read has them in fixtures/<source>.json.
"""

import json
from dataclasses import dataclass, replace
from datetime import datetime, timedelta
from pathlib import Path
from typing import Any

from extract.cursor import CursorFormat, read_time, write_time
from extract.paginate import SinglePage
from extract.part import Part
from extract.source import Cursor, Source, SourceSettings, Stream
from extract.sources import all_sources

FIXTURES = Path(__file__).parent / "fixtures"
Record = Any  # an object, or a list where the API sends records as arrays
Place = datetime | int


@dataclass(frozen=True)
class Case:
    """One stream of one source."""

    source: Source
    stream: Stream

    @property
    def name(self) -> str:
        return f"{self.source.name}.{self.stream.name}"

    @property
    def table(self) -> str:
        return f"raw.{self.source.raw_table(self.stream)}"

    @property
    def fixture(self) -> Path:
        return FIXTURES / f"{self.source.name}__{self.stream.name}.json"

    def settings(self, **values: Any) -> SourceSettings:
        """The source's settings: its fixture's, then `values`."""
        given = FIXTURES / f"{self.source.name}.json"
        found = json.loads(given.read_text(encoding="utf-8")) if given.is_file() else {}
        return self.source.settings.model_validate(found | values)

    @property
    def part(self) -> Part:
        """The stream's first part. Raises AssertionError where the settings leave none."""
        parts = self.stream.parts_by(self.settings())
        assert parts, (
            f"{self.name} has nothing to read: add tests/sources/fixtures/{self.source.name}.json: settings that name "
            "some of it"
        )
        return parts[0]

    def alone(self) -> tuple[Source, Stream]:
        """The source without a preflight, and the stream without any other part than the first."""
        stream = replace(self.stream, parts=lambda _: (self.part,)) if self.stream.parts else self.stream
        return replace(self.source, preflight=None), stream

    def starts(self, count: int, page_size: int) -> list[int]:
        """Where the pages of `count` records begin."""
        return [0] if isinstance(self.stream.paginator, SinglePage) else list(range(0, count, page_size))

    def records(self) -> list[Record]:
        """The fixture's records. Raises AssertionError naming the file to add where there is none."""
        wanted = f"add tests/sources/fixtures/{self.fixture.name}: a JSON list of a few made-up records"
        assert self.fixture.is_file(), f"{self.name} has no fixture: {wanted}"
        records: list[Record] = json.loads(self.fixture.read_text(encoding="utf-8"))
        assert isinstance(records, list), f"the fixture of {self.name} is no list: {wanted}"
        assert records, f"the fixture of {self.name} is empty: {wanted}"
        return records

    def many(self, count: int) -> list[Record]:
        """`count` records with keys of their own, in the order of their cursor: the fixture's, then copies."""
        records = self.records()
        repeated = [(records[n % len(records)], n // len(records)) for n in range(count)]
        return self.ordered([self._renumbered(record, copy) for record, copy in repeated])

    def ordered(self, records: list[Record]) -> list[Record]:
        """`records` as the API lists them: by cursor where the stream has one."""
        return sorted(records, key=self.place_of) if self.stream.cursor else records

    def key_of(self, record: Record) -> tuple[Any, ...]:
        return tuple(record[field] for field in self.stream.primary_key)

    def place_of(self, record: Record) -> Place:
        """Where a record stands by its cursor."""
        return self.place(record[self._cursor.field])

    def place(self, value: str | int) -> Place:
        """A cursor value as a time, or as the id that it is."""
        return int(value) if self._cursor.form is CursorFormat.ID else read_time(value, self._cursor.form)

    def less_overlap(self, place: Place, minutes: int) -> Place:
        """Where the sweep after one that reached `place` begins, with settings that say `minutes`."""
        if isinstance(place, int):
            return place
        declared = self.part.overlap_minutes
        return place - timedelta(minutes=minutes if declared is None else declared)

    def moved(self, record: Record, place: Place) -> Record:
        """`record` with its cursor at `place`."""
        form = self._cursor.form
        spelt = str(place) if isinstance(place, int) else write_time(place, form)
        changed = dict(record) if isinstance(record, dict) else list(record)
        changed[self._cursor.field] = spelt if form is CursorFormat.RFC3339 else int(spelt)
        return changed

    @property
    def _cursor(self) -> Cursor:
        assert self.stream.cursor is not None, f"{self.name} is a full list"
        return self.stream.cursor

    def _renumbered(self, record: Record, copy: int) -> Record:
        field = self.stream.primary_key[0]
        if copy == 0:
            return record
        changed = dict(record) if isinstance(record, dict) else list(record)
        value = changed[field]
        changed[field] = f"{value}-{copy}" if isinstance(value, str) else value + copy * 1_000_000
        return changed


CASES = {
    case.name: case
    for case in (Case(source, stream) for source in all_sources().values() for stream in source.streams)
}
