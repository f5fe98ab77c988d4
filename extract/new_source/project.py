"""The files of a project: what is there, and new ones written all or none."""

import re
import tomllib
from collections.abc import Mapping
from contextlib import suppress
from pathlib import Path

from extract.errors import ConfigurationError, ExtractError

CONFIG = "extract.toml"
SELECTORS = "dbt_project/selectors.yml"
_NEEDED = ("extract/sources", "dbt_project/models", "tests/sources/fixtures", CONFIG, SELECTORS)


class Project:
    """The project whose root is the folder `root`."""

    def __init__(self, root: Path) -> None:
        """Raises ConfigurationError where `root` is no project."""
        for path in _NEEDED:
            if not (root / path).exists():
                raise ConfigurationError(
                    f"{root} has no {path}: run `extract new-source` at the project's root"
                )
        self._root = root

    def has(self, path: str) -> bool:
        return (self._root / path).exists()

    def with_section(self, name: str, section: str) -> str:
        """extract.toml with `section` as [sources.<name>], in place of the one that is there."""
        text = (self._root / CONFIG).read_text(encoding="utf-8")
        header = re.escape(f"[sources.{name}")
        kept = re.sub(rf"^{header}(?:\.[^\]\n]*)?\][^\n]*\n(?:(?!\[)[^\n]*(?:\n|\Z))*", "", text, flags=re.M)
        changed = f"{kept.rstrip()}\n\n{section}"
        tomllib.loads(changed)
        return changed

    def has_section(self, name: str) -> bool:
        content = tomllib.loads((self._root / CONFIG).read_text(encoding="utf-8"))
        return name in content.get("sources", {})

    def with_selector(self, name: str, selector: str) -> str:
        """selectors.yml with `selector`, unless one of that name is there."""
        text = (self._root / SELECTORS).read_text(encoding="utf-8")
        return (
            text if re.search(rf"^  - name: {name}$", text, flags=re.M) else f"{text.rstrip()}\n\n{selector}"
        )

    def write(self, files: Mapping[str, str]) -> None:
        """Writes `files` (path -> text), all or none. Raises ExtractError naming the one that cannot be written."""
        before = {path: self._text(path) for path in files}
        path = ""
        try:
            for path, text in files.items():
                target = self._root / path
                target.parent.mkdir(parents=True, exist_ok=True)
                target.write_text(text, encoding="utf-8")
        except OSError as error:
            for written, text_before in before.items():
                with suppress(OSError):
                    self._restore(written, text_before)
            told = f"{path} cannot be written ({error.strerror}); nothing was changed"
            raise ExtractError(told) from error

    def _text(self, path: str) -> str | None:
        target = self._root / path
        return target.read_text(encoding="utf-8") if target.is_file() else None

    def _restore(self, path: str, text: str | None) -> None:
        target = self._root / path
        if text is not None:
            target.write_text(text, encoding="utf-8")
            return
        target.unlink(missing_ok=True)
        for folder in target.parents:
            if folder == self._root or any(folder.iterdir()):
                return
            folder.rmdir()
