"""What lies around the records of an answer, declared; and its opener, which slices the records out."""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

import msgspec

from extract.answer import Answer
from extract.bad_body import describe
from extract.cover import covered, uncovered
from extract.cursor import is_time
from extract.errors import BadAnswerError
from extract.json_shape import Leaf, Path, nested_type, steps, value_at


@dataclass(frozen=True, slots=True)
class Envelope:
    """Where an answer holds its records and what it says about them, as paths such as "result.items".

    `records` None: the body itself is the list. `as_of` is the API's own safe time of the answer (RFC 3339).
    `total` is its count of the whole list, or `total_header` the header that holds it, such as X-Total-Count.
    """

    records: Path | None = "data"
    as_of: Path | None = None
    total: Path | None = None
    total_header: str | None = None

    def __post_init__(self) -> None:
        if self.total and self.total_header:
            raise ValueError("declare either total or total_header")


@dataclass(frozen=True, slots=True)
class Opened:
    """An answer taken apart: records as slices of the body, `more` as declared to the opener."""

    records: list[msgspec.Raw]
    as_of: str | None
    total: int | None
    more: Mapping[str, Any]


class Opener:
    """Opens answers of one envelope; `more` declares further fields by name, each with its path and type."""

    def __init__(
        self, envelope: Envelope, more: Mapping[str, tuple[Path | None, Leaf]] | None = None
    ) -> None:
        fields = {
            "as_of": (envelope.as_of, Leaf(str | None, None)),
            "total": (envelope.total, Leaf(int | None, None)),
            **(more or {}),
        }
        self._envelope = envelope
        self._fields = {
            name: (steps(path), leaf) for name, (path, leaf) in fields.items() if path is not None
        }
        if envelope.records is None and self._fields:
            raise ValueError("an answer that is a bare list has no fields around it")
        self._more = list(more or {})
        self._decoder = msgspec.json.Decoder(self._type(list[msgspec.Raw]))
        self._whole = msgspec.json.Decoder(self._type(msgspec.Raw))

    def open(self, answer: Answer) -> Opened:
        """`answer` taken apart. Raises BadAnswerError for anything but the declared envelope.

        A record may be what no decoder takes (see cover.py); what lies around the records may not.
        """
        try:
            records, decoded = self._decode(answer.body)
        except (msgspec.MsgspecError, RecursionError, ValueError) as error:
            raise BadAnswerError(describe(answer.body, error)) from error
        values = {name: value_at(decoded, path, leaf) for name, (path, leaf) in self._fields.items()}
        as_of = values.get("as_of")
        if as_of is not None and not is_time(as_of):
            raise BadAnswerError(
                f"the answer's {self._envelope.as_of} is no time with a zone: {as_of[:40]!r}"
            )
        more = {name: values.get(name) for name in self._more}
        return Opened(records, as_of, self._total(values.get("total"), answer.headers), more)

    def _type(self, records: Any) -> Any:
        if self._envelope.records is None:
            return records
        leaves = dict(self._fields.values())
        return nested_type({steps(self._envelope.records): Leaf(records)} | leaves)

    def _records(self, decoded: Any) -> Any:
        path = self._envelope.records
        return decoded if path is None else value_at(decoded, steps(path), Leaf(None))

    def _decode(self, body: bytes) -> tuple[list[msgspec.Raw], Any]:
        try:
            decoded = self._decoder.decode(body)
            return self._records(decoded), decoded
        except msgspec.DecodeError as error:
            cover = covered(body)
            if cover == body:
                raise
            refused = error
        records = self._records(self._decoder.decode(cover))
        array = bytes(self._records(self._whole.decode(cover)))
        if not records or cover.count(array) != 1:
            raise refused
        start = cover.index(array)
        end = start + len(array)
        around = self._decoder.decode(body[:start] + b"[]" + body[end:])
        return uncovered(records, array, body[start:end]), around

    def _total(self, told: int | None, headers: Mapping[str, str]) -> int | None:
        name = self._envelope.total_header
        if name is not None and (text := headers.get(name.lower())) is not None:
            if not (text.isascii() and text.isdigit() and len(text) < 19):
                raise BadAnswerError(f"the answer's header {name} is no count: {text[:40]!r}")
            told = int(text)
        if told is not None and told < 0:
            raise BadAnswerError(f"the answer's total is no count: {told}")
        return told
