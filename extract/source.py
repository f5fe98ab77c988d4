"""What an API is, declared: frozen data, no I/O. Files in `extract/sources/` build these."""

from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Literal
from urllib.parse import urlsplit

from pydantic import BaseModel, ConfigDict, Field, field_validator

from extract.paginate import PageToken


class SourceSettings(BaseModel):
    """Settings that every source has: its section `[sources.<name>]` in the config file."""

    model_config = ConfigDict(extra="forbid", frozen=True)

    base_url: str
    page_size: int = Field(default=1000, ge=1, le=1000)
    overlap_minutes: int = Field(default=10, ge=0, le=7 * 24 * 60)
    streams: tuple[str, ...] | None = Field(default=None, description="streams to run; all when left out")

    @field_validator("base_url")
    @classmethod
    def _plain_http_url(cls, value: str) -> str:
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

    `param` is the query parameter (inclusive lower bound), `field` the record's field it is compared with:
    a time as RFC 3339 text.
    """

    param: str
    field: str


@dataclass(frozen=True, slots=True)
class Stream:
    """One list that an API serves; lands in `raw.<source>__<name>`.

    `primary_key` names the fields that every record holds. `full_list` marks a stream that is always served
    whole, so that what a finished sweep lacks has been deleted. `subject` names the field that identifies a
    person, `personal` the top-level fields an erasure of that person blanks. `context` is kept beside every
    record: what the request says and the record does not. With `retype="fail"` a run fails, after its data are
    committed, when a field comes in a JSON type that it never had.
    """

    name: str
    path: str
    primary_key: tuple[str, ...]
    paginator: PageToken = field(default_factory=PageToken)
    cursor: Cursor | None = None
    full_list: bool = False
    params: Mapping[str, str] = field(default_factory=dict)
    context: Mapping[str, str] | None = None
    subject: str | None = None
    personal: tuple[str, ...] = ()
    retype: Literal["record", "fail"] = "record"

    def __post_init__(self) -> None:
        if not self.primary_key:
            raise ValueError(f"stream {self.name}: primary_key is empty")
        if self.full_list == (self.cursor is not None):
            raise ValueError(f"stream {self.name}: declare either a cursor or full_list")
        if self.personal and self.subject is None:
            raise ValueError(f"stream {self.name}: personal fields need a subject")


@dataclass(frozen=True, slots=True)
class Erasures:
    """The stream that lists erased persons, with its fields for the person and the time of the erasure."""

    stream: str
    subject: str
    at: str


@dataclass(frozen=True, slots=True)
class Source:
    """An API: its streams, its settings and how an erasure is announced. Authentication is a bearer token."""

    name: str
    streams: tuple[Stream, ...]
    settings: type[SourceSettings]
    erasures: Erasures | None = None

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
