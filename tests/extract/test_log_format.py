"""--log-format: an error reaches who reads the log, person or machine, in one line."""

import json
from typing import Any

import pytest

from extract import cli, log
from tests.extract.conftest import Command


def test_an_error_is_no_json_where_json_was_asked_for(command: Command) -> None:
    for words, env in ((["--log-format", "json"], {}), ([], {"EXTRACT_LOG_FORMAT": "json"})):
        done = command.run(*words, "erase", "binance", role="maintainer", **env)
        assert done.returncode == 2
        (line,) = done.stderr.splitlines()
        told = json.loads(line)
        assert (told["event"], told["level"], told["exit_code"]) == ("error", "error", done.returncode)
        assert "binance declares no erasures" in told["message"]
        assert told["run_id"]


def test_a_person_reads_json(command: Command) -> None:
    done = command.run("erase", "binance", role="maintainer")
    assert done.stderr == "extract: binance declares no erasures\n"


def test_an_unknown_format_is_taken_for_another(command: Command) -> None:
    done = command.run("status", EXTRACT_LOG_FORMAT="yaml")
    assert done.returncode == 2
    assert "yaml" in done.stderr


def test_what_nobody_foresaw_is_told_with_data_of_its_causes(
    command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    """In JSON one line says what and where; the words of what caused it may hold a record."""

    def fail(*_: Any) -> None:
        try:
            raise KeyError("ann@mail.example")
        except KeyError as error:
            raise RuntimeError("no such thing") from error

    monkeypatch.setattr(cli, "command_line", fail)
    done = command.run("status", EXTRACT_LOG_FORMAT="json")
    assert done.returncode == 1
    told = json.loads(done.stderr)
    assert told["message"] == "unexpected RuntimeError: no such thing"
    assert any("test_log_format.py" in frame for frame in told["frames"])
    assert "ann@" not in done.stderr


def test_the_first_words_hide_the_command(monkeypatch: pytest.MonkeyPatch) -> None:
    """The command that is imported alone is found behind options too."""
    alone = cli.command_line(["--log-format", "json", "erase", "smartpizza"])
    assert len(alone.registered_commands) == 1
    assert log.LogFormat("auto") is log.LogFormat.AUTO
