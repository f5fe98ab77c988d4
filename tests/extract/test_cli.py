"""The command line's help teaches, and its usage errors are configuration errors."""

import pytest

from tests.extract.conftest import Command


@pytest.mark.parametrize("name", ["init", "check", "run", "build", "status", "erase", "new-source"])
def test_each_command_has_an_example(name: str, command: Command) -> None:
    done = command.run(name, "--help", COLUMNS="200")
    assert done.returncode == 0
    assert "Example:" in done.stdout
    assert f"extract {name}" in done.stdout


@pytest.mark.parametrize("arguments", [("fly",), ("run",), ("run", "smartpizza", "--if-held", "wait")])
def test_wrong_usage_is_exit_2(arguments: tuple[str, ...], command: Command) -> None:
    assert command.run(*arguments).returncode == 2
