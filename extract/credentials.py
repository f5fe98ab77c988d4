"""Secrets: from the environment, or from a file that the environment names. Never in the config file."""

import os
from collections.abc import Sequence
from pathlib import Path

from extract.auth_kinds import Variable
from extract.errors import ConfigurationError


def advice(source_name: str, variables: Sequence[Variable]) -> str:
    """The variables by name, in the words of an error: `X or X_FILE, and Y or Y_FILE`."""
    names = [_name(source_name, variable) for variable in variables]
    return ", and ".join(f"{name} or {name}_FILE" for name in names)


def read_secrets(source_name: str, variables: Sequence[Variable]) -> list[str]:
    """The values of `variables`, in their order, read anew each time, since a mounted file may be rotated.

    Raises ConfigurationError naming the variables that lack or are unusable, never a value.
    """
    lacking = [variable for variable in variables if not any(_given(source_name, variable))]
    if lacking:
        raise ConfigurationError(f"{source_name} lacks a credential: set {advice(source_name, lacking)}")
    return [_read(source_name, variable) for variable in variables]


def fits_a_header(text: str) -> bool:
    """Whether `text` is what a token may be: one line of ASCII without blanks."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _name(source_name: str, variable: Variable) -> str:
    return f"{source_name.upper()}_{variable.suffix}"


def _given(source_name: str, variable: Variable) -> tuple[str | None, str | None]:
    name = _name(source_name, variable)
    return os.environ.get(name), os.environ.get(f"{name}_FILE")


def _read(source_name: str, variable: Variable) -> str:
    origin = _name(source_name, variable)
    value, file = _given(source_name, variable)
    if value and file:
        raise ConfigurationError(f"both {origin} and {origin}_FILE are set: set one of them")
    if file:
        origin = f"{origin}_FILE"
        try:
            value = Path(file).read_text(encoding="utf-8")
        except (OSError, UnicodeDecodeError) as error:
            told = f"{origin} names {file}, which cannot be read ({type(error).__name__})"
            raise ConfigurationError(told) from None
    secret = (value or "").strip()
    if variable.free_text and not (secret and secret.isprintable()):
        raise ConfigurationError(f"{origin} is unusable: it must hold one line of text")
    if not variable.free_text and not fits_a_header(secret):
        raise ConfigurationError(f"{origin} is unusable: it must hold one line of ASCII without blanks")
    return secret
