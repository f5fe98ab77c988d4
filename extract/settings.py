"""The config file as typed settings. Secrets are not in it: see credentials.py."""

import difflib
import json
import os
import tomllib
from pathlib import Path
from typing import Any, Self
from urllib.parse import urlsplit

from pydantic import (
    BaseModel,
    ConfigDict,
    Field,
    ValidationError,
    create_model,
    field_validator,
    model_validator,
)

from extract.errors import ConfigurationError, one_line
from extract.setting_types import Span
from extract.source import Source, SourceSettings
from extract.sources import all_sources

DEFAULT_PATH = Path("extract.toml")


class Section(BaseModel):
    """A section of the config file: unknown keys are refused."""

    model_config = ConfigDict(extra="forbid", frozen=True)


class RunSettings(Section):
    """[run]: how much goes on side by side."""

    parallel: int = Field(default=2, ge=1, le=32)
    pages_ahead: int = Field(default=4, ge=1, le=32)


class LoadSettings(Section):
    """[load]: how much all streams together have fetched and not committed, at most: what a kill may cost."""

    max_rows: int = Field(default=50_000, ge=1)
    max_bytes: int = Field(default=16 * 1024 * 1024, ge=1)
    max_wait_seconds: float = Field(default=2, gt=0, le=60)
    max_record_bytes: int = Field(default=16 * 1024 * 1024, ge=1, le=128 * 1024 * 1024)


class HttpSettings(Section):
    """[http]: deadlines of a request, and how often and how long it is tried again; times in seconds."""

    connect_seconds: float = Field(default=10, gt=0)
    read_seconds: float = Field(default=30, gt=0)
    total_seconds: float = Field(default=120, gt=0)
    attempts: int = Field(default=6, ge=1, le=100)
    retry_seconds: float = Field(default=300, ge=0)
    backoff_seconds: float = Field(default=0.5, ge=0)
    backoff_max_seconds: float = Field(default=30, ge=0)
    max_restarts: int = Field(default=10, ge=0)
    max_body_bytes: int = Field(default=256 * 1024 * 1024, ge=1)


class LeaseSettings(Section):
    """[lease]: how long a lease outlives its holder, and how often a living holder renews it; in seconds."""

    seconds: float = Field(default=60, gt=0)
    heartbeat_seconds: float = Field(default=15, gt=0)

    @model_validator(mode="after")
    def _beats_in_time(self) -> Self:
        if self.heartbeat_seconds > self.seconds / 2:
            raise ValueError("heartbeat_seconds must be at most half of seconds")
        return self


class ArchiveSettings(Section):
    """[archive]: where days of raw go, and after how many days (sources may say otherwise: raw_keep_days)."""

    url: str | None = None
    endpoint: str | None = None
    region: str = "us-east-1"
    keep_days: int = Field(default=30, ge=2)
    keep_restored_days: int = Field(default=7, ge=0)
    object_bytes: int = Field(default=8 * 1024 * 1024, ge=1024, le=1024**3)

    @field_validator("url")
    @classmethod
    def _known_kind(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "file:///-")
        valid = {"s3": bool(parts.hostname), "file": not parts.netloc and len(parts.path) > 1}
        if not valid.get(parts.scheme) or parts.username or parts.query or parts.fragment:
            raise ValueError("must be s3://bucket/prefix or file:///folder, without credentials")
        return value

    @field_validator("endpoint")
    @classmethod
    def _plain_http(cls, value: str | None) -> str | None:
        parts = urlsplit(value or "https://-")
        if parts.scheme not in ("http", "https") or not parts.hostname or parts.username:
            raise ValueError("must be an http or https URL without credentials")
        return value


class DatabaseSettings(Section):
    """[database]: where it is and who asks comes from libpq's environment."""

    attempts: int = Field(default=3, ge=1, le=100)
    wait_seconds: float = Field(default=1.0, ge=0, le=60)
    pool_size: int = Field(default=6, ge=3, le=64)
    return_seconds: float = Field(default=120, ge=0, le=3600)


class DriftSettings(Section):
    """[drift]: how many of a sweep's records are looked at for changes of shape; 0 looks at none."""

    sample_records: int = Field(default=1_000, ge=0, le=100_000)


class BuildSettings(Section):
    """[build]: how long `extract build` waits for another build of the same models, in seconds."""

    wait_seconds: float = Field(default=600, ge=0, le=86_400)


class NightlySettings(Section):
    """[nightly]: how often the night's work is started, which ends with building its selector, and whose it is."""

    every: Span | None = None
    owner: str | None = Field(default=None, min_length=1)


class CostSettings(Section):
    """[cost]: prices in any one currency; without one, nothing is priced."""

    core_hour: float = Field(default=0, ge=0)
    gb_month: float = Field(default=0, ge=0)
    gb_moved: float = Field(default=0, ge=0)


class MetricsSettings(Section):
    """[metrics]: for how many seconds dear figures are kept between scrapes; the size of the database's disk."""

    keep_seconds: float = Field(default=300, ge=0, le=86_400)
    disk_bytes: int | None = Field(default=None, ge=1)


class Settings(Section):
    """The whole config file."""

    run: RunSettings = RunSettings()
    load: LoadSettings = LoadSettings()
    http: HttpSettings = HttpSettings()
    lease: LeaseSettings = LeaseSettings()
    database: DatabaseSettings = DatabaseSettings()
    archive: ArchiveSettings = ArchiveSettings()
    drift: DriftSettings = DriftSettings()
    build: BuildSettings = BuildSettings()
    nightly: NightlySettings = NightlySettings()
    cost: CostSettings = CostSettings()
    metrics: MetricsSettings = MetricsSettings()
    sources: dict[str, SourceSettings] = Field(default_factory=dict)

    @model_validator(mode="after")
    def _connections_suffice(self) -> Self:
        if self.database.pool_size < self.run.parallel + 2:
            raise ValueError("database.pool_size must be at least run.parallel + 2")
        return self

    def source(self, source: Source) -> SourceSettings:
        """Settings of `source`. Raises ConfigurationError where it has no section and cannot do without."""
        if source.name in self.sources:
            return self.sources[source.name]
        try:
            return source.settings.model_validate({})
        except ValidationError as error:
            lacking = ", ".join(str(item["loc"][-1]) for item in error.errors())
            raise ConfigurationError(f"config: section [sources.{source.name}] lacks {lacking}") from None


def _file_model() -> type[BaseModel]:
    """The file's model: `sources` holds exactly the sources that exist."""
    fields: dict[str, Any] = {name: (source.settings | None, None) for name, source in all_sources().items()}
    sources = create_model("Sources", __base__=Section, **fields)
    return create_model("File", __base__=Settings, sources=(sources, sources()))


def config_path(given: Path | None) -> Path | None:
    """The file to read: `given`, else EXTRACT_CONFIG, else ./extract.toml where there is one, else none.

    Raises ConfigurationError where a file was named and is not there.
    """
    named = given or (Path(os.environ["EXTRACT_CONFIG"]) if os.environ.get("EXTRACT_CONFIG") else None)
    if named is None:
        return DEFAULT_PATH if DEFAULT_PATH.is_file() else None
    if not named.is_file():
        raise ConfigurationError(f"config file {named} does not exist (--config or EXTRACT_CONFIG names it)")
    return named


def load_settings(given: Path | None = None) -> Settings:
    """Settings from the config file, defaults where there is none.

    Raises ConfigurationError for an unknown key (naming it and the valid ones) or a malformed value.
    """
    path = config_path(given)
    if path is None:
        return Settings()
    try:
        content = tomllib.loads(path.read_text(encoding="utf-8"))
    except (tomllib.TOMLDecodeError, UnicodeDecodeError) as error:
        raise ConfigurationError(f"config file {path} is no TOML: {error}") from None
    except OSError as error:
        raise ConfigurationError(f"config file {path} cannot be read: {error.strerror}") from None
    model: Any = _file_model()
    try:
        parsed = model.model_validate_json(json.dumps(content, default=str), strict=True)
    except ValidationError as error:
        told = "; ".join(_explain(item, model) for item in error.errors()[:3])
        raise ConfigurationError(f"config file {path}: {told}") from None
    values = {name: getattr(parsed, name) for name in Settings.model_fields if name != "sources"}
    configured = {name: section for name, section in parsed.sources if section is not None}
    return Settings(**values, sources=configured)


def _explain(item: Any, model: type[BaseModel]) -> str:
    path = [str(part) for part in item["loc"]]
    key = ".".join(path)
    if item["type"] != "extra_forbidden":
        return f"{key or 'file'}: {one_line(item['msg'])}"
    valid = _keys_of(model, path[:-1])
    close = difflib.get_close_matches(path[-1], valid, n=1)
    hint = f"did you mean {close[0]}? " if close else ""
    return f"unknown key {key}; {hint}valid keys here: {', '.join(valid)}"


def _keys_of(model: type[BaseModel], path: list[str]) -> list[str]:
    for part in path:
        annotation = model.model_fields[part].annotation
        options = getattr(annotation, "__args__", (annotation,))
        sections = [
            option for option in options if isinstance(option, type) and issubclass(option, BaseModel)
        ]
        model = sections[0]
    return sorted(model.model_fields)
