"""The README's commands cannot drift from what there is."""

import os
import re
import shlex
import subprocess
import sys
from pathlib import Path

import pytest

from extract.errors import Exit

ROOT = Path(__file__).resolve().parents[1]
README = (ROOT / "README.md").read_text(encoding="utf-8")
BIN = Path(sys.executable).parent


def commands() -> list[list[str]]:
    """The words of every command line in the README's shell blocks."""
    blocks = re.findall(r"```sh\n(.*?)```", README, re.S)
    lines = [part for block in blocks for line in block.splitlines() for part in line.split("&&")]
    parsed = [shlex.split(line, comments=True) for line in lines]
    return [[word for word in words if not re.match(r"^[A-Z_]+=", word)] for words in parsed if words]


def test_every_make_target_named_exists() -> None:
    targets = set(re.findall(r"^([a-z-]+):", (ROOT / "Makefile").read_text(), re.M))
    named = set(re.findall(r"(?:^|`)make ([a-z-]+)", README, re.M))
    assert {"demo", "test", "docs", "stop"} <= named
    assert named <= targets


@pytest.mark.parametrize("words", [w for w in commands() if w and Path(w[0]).name == "extract"], ids=" ".join)
def test_every_extract_command_named_exists(words: list[str]) -> None:
    asked = subprocess.run(
        [str(BIN / "python"), "-m", "extract", words[1], "--help"],
        capture_output=True,
        text=True,
        cwd=ROOT,
        check=False,
    )
    assert asked.returncode == 0, asked.stderr


@pytest.mark.parametrize("words", [w for w in commands() if w and Path(w[0]).name == "dbt"], ids=" ".join)
def test_every_selector_named_exists(words: list[str]) -> None:
    if "--selector" in words:
        selectors = (ROOT / "dbt_project" / "selectors.yml").read_text()
        assert f"name: {words[words.index('--selector') + 1]}\n" in selectors


def test_every_file_named_exists() -> None:
    tree = re.search(r"## The tree\n\n```\n(.*?)```", README, re.S)
    assert tree is not None
    folder = ""
    for line in tree.group(1).splitlines():
        path = line.split()[0]
        folder, path = (folder, folder + path) if line.startswith("  ") else (path, path)
        assert (ROOT / path).exists(), path
    for link in re.findall(r"\]\(([A-Za-z_./]+)\)", README):
        assert (ROOT / link).exists(), link


def test_exit_codes_are_those_of_the_program() -> None:
    told = {int(code) for row in re.findall(r"^\| ([\d, ]+) \|", README, re.M) for code in row.split(",")}
    assert told == {int(code) for code in Exit} - {0}


def test_help_of_make_lists_every_documented_target() -> None:
    done = subprocess.run(
        ["make", "help"], capture_output=True, text=True, cwd=ROOT, env=os.environ, check=True
    )
    assert "make demo" in done.stdout
    assert "make stop" in done.stdout
