"""The config file: typed, and strict about what it does not know."""

from pathlib import Path

import pytest

from extract.errors import ConfigurationError
from extract.settings import Settings, load_settings
from extract.sources import all_sources

ROOT = Path(__file__).parents[2]


def load(folder: Path, text: str) -> Settings:
    file = folder / "extract.toml"
    file.write_text(text)
    return load_settings(file)


def test_no_file_means_defaults(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    assert load_settings() == Settings()


def test_the_file_in_the_root_holds_the_defaults() -> None:
    written = load_settings(ROOT / "extract.toml")
    source = all_sources()["smartpizza"]
    assert written.model_copy(update={"sources": {}}) == Settings()
    assert written.source(source) == Settings().source(source)


def test_a_file_that_was_named_must_be_there(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("EXTRACT_CONFIG", str(tmp_path / "missing.toml"))
    with pytest.raises(ConfigurationError, match=r"missing\.toml does not exist"):
        load_settings()


def test_a_key_that_is_set_arrives(tmp_path: Path) -> None:
    settings = load(tmp_path, '[load]\nmax_rows = 7\n[sources.smartpizza]\nstreams = ["orders"]')
    assert settings.load.max_rows == 7
    assert settings.source(all_sources()["smartpizza"]).streams == ("orders",)


@pytest.mark.parametrize(
    ("text", "words"),
    [
        ("[lod]", ["unknown key lod", "did you mean load?", "sources"]),
        ("[load]\nmax_row = 1", ["unknown key load.max_row", "did you mean max_rows?", "max_bytes"]),
        ("[sources.smartpizzza]", ["unknown key sources.smartpizzza", "did you mean smartpizza?"]),
        ('[sources.smartpizza]\ntoken = "hunter2"', ["unknown key sources.smartpizza.token", "base_url"]),
        ('[load]\nmax_rows = "7"', ["load.max_rows", "valid integer"]),
        ("[load]\nmax_rows = true", ["load.max_rows", "valid integer"]),
        ("[load]\nmax_rows = 0", ["load.max_rows", "greater than or equal to 1"]),
        ("[sources.smartpizza]\npage_size = 1001", ["sources.smartpizza.page_size", "1000"]),
        ('[sources.smartpizza]\nbase_url = "api.test"', ["sources.smartpizza.base_url", "http"]),
        ('[sources.smartpizza]\nbase_url = "https://me:hunter2@api.test"', ["base_url", "credentials"]),
        ("[lease]\nseconds = 10\nheartbeat_seconds = 9", ["lease", "at most half"]),
        (
            "[sources.smartpizza.budget]\nper_minut = 60",
            ["unknown key sources.smartpizza.budget.per_minut", "did you mean per_minute?", "burst"],
        ),
        ("[load", ["is no TOML"]),
    ],
)
def test_what_is_wrong_is_named_with_what_would_be_valid(text: str, words: list[str], tmp_path: Path) -> None:
    with pytest.raises(ConfigurationError) as raised:
        load(tmp_path, text)
    message = str(raised.value)
    assert "extract.toml" in message
    assert "\n" not in message
    assert "hunter2" not in message
    for word in words:
        assert word in message
