"""The stand-ins pass what the real packages pass and fail what they fail."""

import hashlib
import re
from pathlib import Path

import pytest
import yaml

from tests.dbt_packages.conftest import INTEGRATION, Build

ROOT = Path(__file__).parents[2]
STAND_INS = ROOT / "dbt_project" / "offline_packages"

# As dbt_utils 1.4.1 and dbt_expectations 0.10.9 have them.
SIGNATURES = {
    "dbt_utils.generate_surrogate_key": "field_list",
    "dbt_utils.unique_combination_of_columns": "model, combination_of_columns, quote_columns=false",
    "dbt_utils.accepted_range": "model, column_name, min_value=none, max_value=none, inclusive=true",
    "dbt_utils.expression_is_true": "model, expression, column_name=none",
    "dbt_expectations.expect_column_values_to_match_regex": (
        'model, column_name, regex, row_condition=None, is_raw=False, flags=""'
    ),
    "dbt_expectations.expect_column_pair_values_A_to_be_greater_than_B": (
        "model, column_A, column_B, or_equal=False, row_condition=None"
    ),
    "dbt_expectations.expect_table_row_count_to_be_between": (
        "model, min_value=None, max_value=None, group_by=None, row_condition=None, strictly=False"
    ),
    "dbt_expectations.expect_column_values_to_be_between": (
        "model, column_name, min_value=None, max_value=None, row_condition=None, strictly=False"
    ),
}

_SEEDS = yaml.safe_load((INTEGRATION / "seeds" / "rows.yml").read_text())["seeds"]
CASES = {
    test["config"]["meta"]["case"]: test["config"]["meta"]["failures"]
    for entry in _SEEDS[0]["data_tests"]
    for test in entry.values()
}


def stand_in_signatures() -> dict[str, str]:
    """Package and name of each public stand-in macro or test, with its arguments in one line."""
    found = {}
    for path in STAND_INS.glob("*/macros/*.sql"):
        for name, arguments in re.findall(r"\{%-?\s*(?:macro|test)\s+(\w+)\(([^)]*)\)", path.read_text()):
            if not name.startswith("_"):
                found[f"{path.parents[1].name}.{name}"] = " ".join(arguments.split())
    return found


def test_a_signature_cannot_drift_from_the_real_packages() -> None:
    assert stand_in_signatures() == SIGNATURES


def test_the_project_cannot_call_a_macro_that_only_the_hub_has() -> None:
    sources = [ROOT / "dbt_project" / "models", ROOT / "macros", ROOT / "tests" / "dbt"]
    files = [path for source in sources for path in source.rglob("*") if path.suffix in {".sql", ".yml"}]
    called = {
        call
        for path in files
        for call in re.findall(r"\b(?:dbt_utils|dbt_expectations|dbt_date)\.\w+", path.read_text())
    }
    assert called <= SIGNATURES.keys()


def test_every_stand_in_is_proven_by_a_case() -> None:
    tested = {name for entry in _SEEDS[0]["data_tests"] for name in entry}
    assert tested | {"dbt_utils.generate_surrogate_key"} == SIGNATURES.keys()


@pytest.mark.parametrize("case", CASES)
def test_good_rows_are_not_failed(build: Build, case: str) -> None:
    result = build.results["good_rows", case]
    assert (result["status"], result["failures"]) == ("pass", 0), result["message"]


@pytest.mark.parametrize("case", CASES)
def test_bad_rows_are_not_passed(build: Build, case: str) -> None:
    result = build.results["bad_rows", case]
    assert (result["status"], result["failures"]) == ("fail", CASES[case]), result["message"]


def test_a_surrogate_key_is_the_same_with_stand_ins_and_hub(build: Build) -> None:
    null = "_dbt_utils_surrogate_key_null_"
    texts = ["1-0.00-AB-1", "2-10.00-AB-22", "3-5.50-CD-3", f"4-{null}-EF-4"]
    expected = [(_md5(text.partition("-")[0]), _md5(text)) for text in texts]
    assert build.surrogate_keys == expected


def _md5(text: str) -> str:
    return hashlib.md5(text.encode(), usedforsecurity=False).hexdigest()
