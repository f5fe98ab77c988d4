"""Our own rules hold over every overlay, and each has manifests that it rejects.

A file in rejected/<rule>/ is one such manifest; its first line is the complaint, up to its dots if it ends with three.
"""

from pathlib import Path

import pytest

from tests.k8s.manifests import OVERLAYS, objects_in, overlay
from tests.k8s.rules import all_rules

RULES = all_rules()
REJECTED = sorted(Path(__file__).parent.glob("rejected/*/*.yaml"))


@pytest.mark.parametrize("name", OVERLAYS)
@pytest.mark.parametrize("rule", RULES)
def test_no_overlay_breaks_a_rule(rule: str, name: str) -> None:
    assert list(RULES[rule](overlay(name))) == []


@pytest.mark.parametrize("path", REJECTED, ids=lambda path: f"{path.parent.name}-{path.stem}")
def test_a_rule_that_lets_its_own_bad_manifest_pass_guards_nothing(path: Path) -> None:
    text = path.read_text(encoding="utf-8")
    complaint = text.partition("\n")[0].removeprefix("# ")
    told = list(RULES[path.parent.name](objects_in(text)))
    if complaint.endswith("..."):
        complaint = complaint.removesuffix("...")
        told = [each[: len(complaint)] for each in told]
    assert told == [complaint]


def test_no_rule_is_without_a_manifest_that_it_rejects() -> None:
    assert {path.parent.name for path in REJECTED} == set(RULES)
