"""The command line's help teaches, and its usage errors are configuration errors."""

import signal
import subprocess
import sys

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


LOADING = """
import os, signal, sys
from extract import cli

def command_line(words):
    os.kill(os.getpid(), int(sys.argv[1]))

cli.command_line = command_line
cli.main()
"""


@pytest.mark.parametrize(("number", "code"), [(signal.SIGTERM, 143), (signal.SIGINT, 130)])
def test_a_signal_that_comes_while_the_command_is_loaded_is_no_failure(number: int, code: int) -> None:
    done = subprocess.run(
        [sys.executable, "-c", LOADING, str(int(number))], capture_output=True, text=True, check=False
    )
    assert done.returncode == code, "a pod that is deleted as it starts is started again: 1 would end its Job"
    assert done.stderr == f"extract: stopped by signal {int(number)}\n"
