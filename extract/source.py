"""What an API is, declared: frozen data, no I/O. Files in `extract/sources/` build these."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from typing import Any, Literal, Self
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator, model_validator

from extract.auth_kinds import Auth, Bearer
from extract.cursor import CursorFormat
from extract.paginate import PageToken, Paginator
from extract.part import Part, assert_parts
from extract.preflight_kinds import Preflight
from extract.setting_types import Span


class BudgetSettings(BaseModel):
    """[sources.<name>.budget]: what all workers together may ask of the API, in units (Stream.request_cost).

    Any 60 seconds hold at most `per_minute` units. Up to `burst` of them come at once, and the others evenly, at
    per_minute - burst a minute. Sources that give the same `name` share one budget. `minute_seconds` is for an API
    on a simulated clock, whose minute is shorter than ours.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    per_minute: int = Field(ge=2, le=1_000_000)
    burst: int | None = Field(default=None, ge=1, description="a fiftieth, or the dearest request")
    name: str | None = Field(default=None, min_length=1, description="the source's name when left out")
    minute_seconds: float = Field(default=60, gt=0, le=60)

    @model_validator(mode="after")
    def _leaves_a_steady_rate(self) -> Self:
        if self.burst is not None and self.burst >= self.per_minute:
            raise ValueError("burst must be less than per_minute")
        return self


class DeadLetterSettings(BaseModel):
    """[sources.<name>.dead_letters]: how many open dead letters a sweep of one stream may leave.

    `max_share` is of the records served, judged from the sweep's thousandth record on and at its end, where there
    are more than ten.
    """

    model_config = ConfigDict(extra="forbid", frozen=True)

    max_records: int = Field(default=1000, ge=0)
    max_share: float = Field(default=0.05, ge=0, le=1)


class SourceSettings(BaseModel):
    """Settings that every source has: its section `[sources.<name>]` in the config file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    page_size: int = Field(default=1000, ge=1, le=1000)
    overlap_minutes: int = Field(default=10, ge=0, le=7 * 24 * 60)
    streams: tuple[str, ...] | None = Field(default=None, description="streams to run; all when left out")
    token_url: str | None = Field(default=None, description="OAuth2: where tokens are fetched")
    budget: BudgetSettings | None = None
    dead_letters: DeadLetterSettings = DeadLetterSettings()
    raw_keep_days: int | None = Field(default=None, ge=2, description="else keep_days of [archive]")
    every: Span | None = Field(
        default=None, description="how often it is run and built; nobody is missed without"
    )
    owner: str | None = Field(default=None, min_length=1, description="who is told of in alerts")

    @field_validator("base_url", "token_url")
    @classmethod
    def _plain_http_url(cls, value: str | None) -> str | None:
        if value is None:
            return None
        parts = urlsplit(value)
        if parts.scheme not in ("http", "https") or not parts.hostname:
            raise ValueError("must be an http or https URL such as https://api.example.com")
        if parts.username or parts.password:
            raise ValueError("must not hold credentials; secrets come from the environment")
        if parts.query or parts.fragment:
            raise ValueError("must not hold a query or a fragment")
        return value.rstrip("/")


@dataclass(frozen=True, slots=True)
class Cursor:
    """How a stream is read incrementally.

    `param` is the query parameter (inclusive lower bound), `field` the record's field (or index) it is compared
    with, `form` how both spell it.
    """

    param: str
    field: str | int
    form: CursorFormat = CursorFormat.RFC3339


@dataclass(frozen=True, slots=True)
class UsageHeader:
    """Response headers that tell what everybody behind our address has used of the API's own limit.

    Either `used`, the units of the current clock minute, of `limit` (the budget's per_minute when left out); or
    `remaining`, the units left, with `reset`, when they are renewed: in seconds or as Unix time (the end of the
    clock minute when left out).
    """

    used: str | None = None
    limit: int | None = None
    remaining: str | None = None
    reset: str | None = None

    def __post_init__(self) -> None:
        if (self.used is None) == (self.remaining is None):
            raise ValueError("a usage header gives either what is used or what remains")


@dataclass(frozen=True, slots=True)
class Stream:
    """One list that an API serves; lands in `raw.<source>__<name>`.

    `primary_key` names the fields that every record holds, or gives their indexes where records are arrays.
    `full_list` marks a stream that is always served whole, so that what a finished sweep lacks has been deleted.
    `subject` names the field that identifies a person, `personal` the top-level fields an erasure of that person
    blanks. `context` is kept beside every record: what the request says and the record does not. `request_cost`
    is what a page takes of the budget. With `retype="fail"` a run fails, after its data are committed, when a
    field comes in a JSON type that it never had. `parts` divides the stream by its source's settings, without any
    I/O: each part is read by itself, and a key is one within its part. A full list has one part, without a name.
    """

    name: str
    path: str
    primary_key: tuple[str | int, ...]
    paginator: Paginator = field(default_factory=PageToken)
    cursor: Cursor | None = None
    full_list: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] | None = None
    subject: str | None = None
    personal: tuple[str, ...] = ()
    request_cost: int = 1
    retype: Literal["record", "fail"] = "record"
    parts: Callable[[Any], Sequence[Part]] | None = None

    def __post_init__(self) -> None:
        if not self.primary_key:
            raise ValueError(f"stream {self.name}: primary_key is empty")
        if self.full_list == (self.cursor is not None):
            raise ValueError(f"stream {self.name}: declare either a cursor or full_list")
        fields = [*self.primary_key, *([self.cursor.field] if self.cursor else [])]
        if len({type(field) for field in fields}) > 1:
            raise ValueError(f"stream {self.name}: key and cursor are either all names or all indexes")
        if self.personal and self.subject is None:
            raise ValueError(f"stream {self.name}: personal fields need a subject")
        if self.request_cost < 1:
            raise ValueError(f"stream {self.name}: request_cost is less than 1")

    def parts_by(self, settings: SourceSettings) -> tuple[Part, ...]:
        """The parts that `settings` make of the stream; one without a name where it is not divided.

        Raises ValueError where they do not make up a stream.
        """
        parts = (Part(),) if self.parts is None else tuple(self.parts(settings))
        if self.parts is not None:
            assert_parts(parts, self.name, full_list=self.full_list)
        return parts

    def cost(self, part: Part) -> int:
        """What a page of `part` takes of the budget."""
        return part.request_cost or self.request_cost


@dataclass(frozen=True, slots=True)
class Erasures:
    """The stream that lists erased persons, with its fields for the person and the time of the erasure."""

    stream: str
    subject: str
    at: str


@dataclass(frozen=True, slots=True)
class Source:
    """An API: its streams, its settings, how an erasure is announced, and how the API knows its caller.

    `usage` says where an answer tells how much of the API's own limit is used, `preflight` what is looked at
    before a run.
    """

    name: str
    streams: tuple[Stream, ...]
    settings: type[SourceSettings]
    erasures: Erasures | None = None
    auth: Auth = field(default_factory=Bearer)
    usage: UsageHeader | None = None
    preflight: Preflight | None = None

    def __post_init__(self) -> None:
        names = [stream.name for stream in self.streams]
        if len(set(names)) != len(names):
            raise ValueError(f"source {self.name}: a stream is declared twice")
        if self.erasures is not None and self.erasures.stream not in names:
            raise ValueError(f"source {self.name}: erasures name no declared stream")

    @property
    def stream_names(self) -> tuple[str, ...]:
        return tuple(stream.name for stream in self.streams)

    def stream(self, name: str) -> Stream:
        """The stream called `name`. Raises KeyError."""
        return {stream.name: stream for stream in self.streams}[name]

    def raw_table(self, stream: Stream) -> str:
        """Name of the stream's table in schema raw."""
        return f"{self.name}__{stream.name}"
