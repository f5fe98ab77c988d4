"""What the ConfigMaps hold is what the programs take: every key of extract.toml, the profile, dbt's variables."""

import tempfile
from collections.abc import Iterator, Sequence
from pathlib import Path

import yaml

from extract.errors import ConfigurationError
from extract.settings import load_settings
from tests.k8s.manifests import Object
from tests.k8s.objects import dig, named, of_kind


def configs(objects: Sequence[Object]) -> Iterator[str]:
    for each in of_kind(objects, "ConfigMap"):
        for file, text in dig(each, "data").items():
            told = CHECKS[file](text) if file in CHECKS else None
            if told:
                yield f"{named(each)}: {told}"


def toml(text: str) -> str | None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "extract.toml"
        path.write_text(text, encoding="utf-8")
        try:
            load_settings(path)
        except ConfigurationError as error:
            return str(error).replace(f"{folder}/", "")
    return None


def profiles(text: str) -> str | None:
    return (
        None
        if "prod" in dig(yaml.safe_load(text), "elt", "outputs")
        else "profiles.yml: elt has no output prod"
    )


def variables(text: str) -> str | None:
    return None if isinstance(yaml.safe_load(text), dict) else "vars.yml: give names and values, or {}"


CHECKS = {"extract.toml": toml, "profiles.yml": profiles, "vars.yml": variables}
