"""The alert rules and the board: they load, fire when they should, and ask for and link to what is there."""

import json
import re
import shutil
import subprocess
from pathlib import Path
from typing import Any

import pytest
import yaml

from extract.metrics.questions import ALL
from tests.extract.conftest import ROOT

FOLDER = ROOT / "k8s" / "components" / "dashboards"
RULES: list[dict[str, Any]] = yaml.safe_load((FOLDER / "rules.yaml").read_text())["groups"][0]["rules"]
BOARD: dict[str, Any] = json.loads((FOLDER / "elt.json").read_text())
SERVED = {figure.name for question in ALL for figure in question.figures} | {"elt_up", "elt_disk_size_bytes"}

needs_promtool = pytest.mark.skipif(shutil.which("promtool") is None, reason="promtool is not installed")


def promtool(*arguments: str) -> str:
    done = subprocess.run(
        ["promtool", *arguments], capture_output=True, text=True, check=False, cwd=Path(__file__).parent
    )
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


@needs_promtool
def test_prometheus_refuses_the_rules() -> None:
    assert f"{len(RULES)} rules found" in promtool("check", "rules", str(FOLDER / "rules.yaml"))


@needs_promtool
def test_a_rule_fires_for_nothing_or_not_at_all() -> None:
    promtool("test", "rules", "rules_test.yaml")


def test_a_rule_has_no_test_of_its_own() -> None:
    tested = yaml.safe_load((Path(__file__).parent / "rules_test.yaml").read_text())
    named = {each["alertname"] for test in tested["tests"] for each in test["alert_rule_test"]}
    assert {rule["alert"] for rule in RULES} == named


def test_rules_and_board_ask_for_what_nobody_serves() -> None:
    asked = [rule["expr"] for rule in RULES]
    asked += [target["expr"] for panel in BOARD["panels"] for target in panel["targets"]]
    names = {name for expression in asked for name in re.findall(r"\belt_[a-z0-9_]+", expression)}
    assert names <= SERVED
    assert len(names) > 15


def test_an_alert_sends_people_to_a_place_that_is_not_there() -> None:
    readme = (ROOT / "README.md").read_text()
    anchors = {
        re.sub(r"[^a-z0-9 -]", "", title.lower()).replace(" ", "-")
        for title in re.findall(r"^#+ (.+)$", readme, re.M)
    }
    for rule in RULES:
        page, _, anchor = rule["annotations"]["runbook_url"].partition("#")
        assert page.endswith("/README.md")
        assert anchor in anchors, rule["alert"]
        assert rule["alert"] in readme, "the section says what to do about it"
