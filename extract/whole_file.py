"""Files that are there whole or not at all."""

import os
from pathlib import Path

from extract.errors import ConfigurationError


def write_whole(path: Path, text: str) -> None:
    """Puts `text` in the place of the file; makes its folder. Raises ConfigurationError where that cannot be done."""
    fresh = path.with_name(f".{path.name}.new")
    try:
        path.parent.mkdir(parents=True, exist_ok=True)
        fresh.write_text(text, encoding="utf-8")
        os.replace(fresh, path)
    except OSError as error:
        raise ConfigurationError(f"{error.filename or path} cannot be written: {error.strerror}") from None
