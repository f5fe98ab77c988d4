"""Asks an API for the one or two pages that a source is written from."""

import os
from collections.abc import Mapping

from extract.answer import Answer
from extract.auth_kinds import NoAuth
from extract.credentials import advice
from extract.errors import ConfigurationError
from extract.new_source.wish import Wish
from extract.rest import RestClient
from extract.settings import HttpSettings

_ONCE = HttpSettings(attempts=1)


class Probe:
    """GETs the wished-for list, each request once. `has_credential`: whether all of one is in the environment."""

    def __init__(self, wish: Wish) -> None:
        names = [f"{wish.name.upper()}_{variable.suffix}" for variable in wish.auth.variables]
        self.has_credential = all(os.environ.get(name) or os.environ.get(f"{name}_FILE") for name in names)
        self._wish = wish

    def get(self, params: Mapping[str, str]) -> Answer:
        """The answer to GET with `params`.

        Raises UnreachableError where there is none, ConfigurationError where the credential is refused,
        unusable or lacks, BadAnswerError for any other status.
        """
        wish = self._wish
        auth = wish.auth if self.has_credential else NoAuth()
        try:
            with RestClient(wish.name, wish.base_url, _ONCE, auth=auth) as client:
                return client.get(wish.path, params, _whole)
        except ConfigurationError as error:
            if self.has_credential:
                raise
            told = f"GET {wish.url}: the API wants a credential: set {advice(wish.name, wish.auth.variables)}"
            raise ConfigurationError(told) from error


def _whole(answer: Answer) -> Answer:
    return answer
