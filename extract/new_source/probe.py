"""Asks an API for the one or two pages that a source is written from."""

import os
from collections.abc import Mapping

import httpx

from extract import __version__
from extract.answer import Answer
from extract.credentials import read_token
from extract.errors import BadAnswerError, ConfigurationError, UnreachableError, one_line
from extract.new_source.wish import Wish

_SECONDS = 30


class Probe:
    """GETs the wished-for list, each request once. `has_credential`: whether a token was there to be sent."""

    def __init__(self, wish: Wish) -> None:
        """Raises ConfigurationError where the token is there and unusable."""
        variable = f"{wish.name.upper()}_TOKEN"
        self.has_credential = bool(os.environ.get(variable) or os.environ.get(f"{variable}_FILE"))
        self._variable = variable
        self._wish = wish
        self._headers = {"Accept": "application/json", "User-Agent": f"extract/{__version__}"}
        if self.has_credential:
            self._headers["Authorization"] = f"Bearer {read_token(wish.name)}"

    def get(self, params: Mapping[str, str]) -> Answer:
        """The answer to GET with `params`.

        Raises UnreachableError where there is none, ConfigurationError where the credential is refused or
        lacks, BadAnswerError for any other status.
        """
        url = self._wish.url
        try:
            response = httpx.get(url, params=dict(params), headers=self._headers, timeout=_SECONDS)
        except httpx.HTTPError as error:
            raise UnreachableError(f"GET {url}: {type(error).__name__}: {one_line(str(error))}") from error
        status = response.status_code
        if status in (httpx.codes.UNAUTHORIZED, httpx.codes.FORBIDDEN):
            state = "refused the credential" if self.has_credential else "wants a credential"
            raise ConfigurationError(
                f"GET {url}: the API {state} ({status}): set {self._variable} to a valid token"
            )
        if response.is_redirect:
            raise ConfigurationError(
                f"GET {url}: the API answered {status}: ask for {response.headers.get('location')}"
            )
        if status != httpx.codes.OK:
            raise BadAnswerError(f"GET {url}: the API answered {status}: {one_line(response.text, 120)!r}")
        return Answer(response.content, response.headers, str(response.url))
