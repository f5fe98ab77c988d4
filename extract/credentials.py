"""Secrets: from the environment, or from a file that the environment names. Never in the config file."""

import os
from pathlib import Path

from extract.errors import ConfigurationError


def read_token(source_name: str) -> str:
    """The source's bearer token, read anew each time, since a mounted file may have been rotated.

    Raises ConfigurationError naming the variables, never the value.
    """
    variable = f"{source_name.upper()}_TOKEN"
    value, file = os.environ.get(variable), os.environ.get(f"{variable}_FILE")
    if value and file:
        raise ConfigurationError(f"both {variable} and {variable}_FILE are set: set one of them")
    if not value and not file:
        raise ConfigurationError(f"{source_name} needs a token: set {variable} or {variable}_FILE")
    origin = variable
    if file:
        origin = f"{variable}_FILE"
        try:
            value = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = f"{origin} names {file}, which cannot be read ({type(error).__name__})"
            raise ConfigurationError(told) from None
    token = (value or "").strip()
    if not token or not token.isascii() or not token.isprintable() or " " in token:
        raise ConfigurationError(f"{origin} holds no usable token: one line of ASCII without blanks")
    return token
