"""How an API knows its caller, declared: frozen data, no I/O. auth.py acts on it, credentials.py finds the secrets."""

from dataclasses import dataclass
from typing import ClassVar, Literal


@dataclass(frozen=True, slots=True)
class Variable:
    """A secret: the value of `<SOURCE>_<suffix>`, or what is in the file that `<SOURCE>_<suffix>_FILE` names.

    It is one line of ASCII without blanks, as a header takes it, unless it is `free_text`.
    """

    suffix: str
    free_text: bool = False


@dataclass(frozen=True, slots=True)
class Bearer:
    """A token in the header Authorization."""

    variables: ClassVar[tuple[Variable, ...]] = (Variable("TOKEN"),)


@dataclass(frozen=True, slots=True)
class ApiKey:
    """A key in the header or in the query parameter called `name`."""

    name: str
    place: Literal["header", "query"] = "header"
    variables: ClassVar[tuple[Variable, ...]] = (Variable("API_KEY"),)


@dataclass(frozen=True, slots=True)
class Basic:
    """A user's name and password, by HTTP's basic scheme."""

    variables: ClassVar[tuple[Variable, ...]] = (
        Variable("USERNAME", free_text=True),
        Variable("PASSWORD", free_text=True),
    )


@dataclass(frozen=True, slots=True)
class OAuth2:
    """OAuth 2.0 client credentials: a token that expires, fetched by POST from `token_path` below base_url.

    A source's setting `token_url` names another address. `client_in` says where the client's id and secret
    go: into basic authentication, as RFC 6749 asks of every server, or into the form.
    """

    token_path: str = "/oauth/token"  # noqa: S105 - a path
    scope: str | None = None
    client_in: Literal["header", "form"] = "header"
    variables: ClassVar[tuple[Variable, ...]] = (Variable("CLIENT_ID"), Variable("CLIENT_SECRET"))


@dataclass(frozen=True, slots=True)
class NoAuth:
    """Nothing: the API is public."""

    variables: ClassVar[tuple[Variable, ...]] = ()


Auth = Bearer | ApiKey | Basic | OAuth2 | NoAuth
