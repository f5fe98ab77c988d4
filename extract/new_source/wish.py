"""What the user asks `extract new-source` for, checked before anything is fetched."""

import keyword
import re
from collections.abc import Mapping
from dataclasses import dataclass
from enum import StrEnum
from urllib.parse import parse_qsl, urlsplit

from extract.auth_kinds import ApiKey, Auth, Basic, Bearer, NoAuth
from extract.errors import ConfigurationError
from extract.new_source.names import snake_case
from extract.source import SourceSettings

_NAME = re.compile(r"^[a-z][a-z0-9]*(_[a-z0-9]+)*$")
_SECRET = re.compile(r"(^|[-_])(key|token|secret|password|signature|sig|auth)$")
_LONGEST_TABLE = 63 - len("_20260316_load_id_idx")


class AuthKind(StrEnum):
    """What the user may say of how the API knows its caller."""

    BEARER = "bearer"
    API_KEY = "api-key"
    BASIC = "basic"
    NONE = "none"


@dataclass(frozen=True, slots=True)
class Wish:
    """A list of an API at `base_url` + `path` with the query `params`, to become `name`'s `stream`.

    `key` and `cursor` are None where they are to be guessed; `cursor` is "none", "field" or "parameter=field".
    """

    name: str
    stream: str
    base_url: str
    path: str
    params: Mapping[str, str]
    auth: Auth
    key: tuple[str, ...] | None = None
    cursor: str | None = None

    @property
    def url(self) -> str:
        return f"{self.base_url}{self.path}"


def wish(
    name: str,
    url: str,
    *,
    stream: str | None = None,
    key: str | None = None,
    cursor: str | None = None,
    auth: AuthKind = AuthKind.BEARER,
    key_header: str = "X-API-Key",
) -> Wish:
    """The wish, checked; `key_header` is where an API key goes.

    Raises ConfigurationError for a name or URL that cannot be.
    """
    _check_name("source", name)
    if name == "ops":
        raise ConfigurationError("source name ops is taken: dbt knows the ledger by it")
    parts = urlsplit(url)
    base_url = f"{parts.scheme}://{parts.netloc}"
    try:
        SourceSettings(base_url=base_url)
    except ValueError:
        told = "an http or https URL without credentials, such as https://api.example.com/v1/things"
        raise ConfigurationError(f"--url must be {told}") from None
    params = dict(parse_qsl(parts.query, keep_blank_values=True))
    for param in params:
        if _SECRET.search(snake_case(param)):
            raise ConfigurationError(
                f"--url names a secret in parameter {param}: leave it out, credentials come from the environment"
            )
    stream = stream or snake_case(parts.path.rstrip("/").rpartition("/")[2])
    _check_name("stream", stream)
    if len(f"{name}__{stream}") > _LONGEST_TABLE:
        told = (
            f"--stream: {name}__{stream} is too long a name for a table: at most {_LONGEST_TABLE} characters"
        )
        raise ConfigurationError(told)
    kinds: dict[AuthKind, Auth] = {
        AuthKind.BEARER: Bearer(),
        AuthKind.API_KEY: ApiKey(key_header),
        AuthKind.BASIC: Basic(),
        AuthKind.NONE: NoAuth(),
    }
    fields = tuple(field.strip() for field in key.split(",")) if key else None
    return Wish(name, stream, base_url, parts.path, params, kinds[auth], fields, cursor)


def _check_name(what: str, name: str) -> None:
    if not _NAME.match(name) or keyword.iskeyword(name):
        raise ConfigurationError(
            f"{what} name {name!r} will not do: lower-case letters, digits and single underscores, such as web_shop"
        )
