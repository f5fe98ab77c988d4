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
    lacking = [variable for variable in variables if not _is_given(_name(source_name, variable))]
    if lacking:
        raise ConfigurationError(f"{source_name} lacks a credential: set {advice(source_name, lacking)}")
    return [_read(source_name, variable) for variable in variables]


def fits_a_header(text: str) -> bool:
    """Whether `text` is what a token may be: one line of ASCII without blanks."""
    return bool(text) and text.isascii() and text.isprintable() and " " not in text


def _name(source_name: str, variable: Variable) -> str:
    return f"{source_name.upper()}_{variable.suffix}"


def given(name: str) -> tuple[str | None, str | None]:
    """A secret as it stands in the variable `name`, or in the file that <name>_FILE names, and which of the two.

    Both None where neither is set. Raises ConfigurationError where both are, or the file cannot be read.
    """
    value, file = os.environ.get(name), os.environ.get(f"{name}_FILE")
    if value and file:
        raise ConfigurationError(f"both {name} and {name}_FILE are set: set one of them")
    if not file:
        return value or None, name if value else None
    try:
        return Path(file).read_text(encoding="utf-8").strip(), f"{name}_FILE"
    except (OSError, UnicodeDecodeError) as error:
        told = f"{name}_FILE names {file}, which cannot be read ({type(error).__name__})"
        raise ConfigurationError(told) from None


def _is_given(name: str) -> bool:
    return bool(os.environ.get(name) or os.environ.get(f"{name}_FILE"))


def _read(source_name: str, variable: Variable) -> str:
    value, origin = given(_name(source_name, variable))
    secret = (value or "").strip()
    if variable.free_text and not (secret and secret.isprintable()):
        raise ConfigurationError(f"{origin} is unusable: it must hold one line of text")
    if not variable.free_text and not fits_a_header(secret):
        raise ConfigurationError(f"{origin} is unusable: it must hold one line of ASCII without blanks")
    return secret
