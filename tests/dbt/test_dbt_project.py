"""Promises of the dbt project that dbt does not hold by itself."""

import json
import sys
from pathlib import Path
from typing import Any

import pytest

from extract.sources import all_sources
from tests.end_to_end.warehouse import ROOT, run

DIMENSIONS = {"accuracy", "completeness", "consistency", "timeliness", "uniqueness", "validity"}


@pytest.fixture(scope="module")
def manifest(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Any]:
    """What dbt makes of the project, without a database."""
    target = tmp_path_factory.mktemp("target")
    command = [str(Path(sys.executable).with_name("dbt")), "parse", "--quiet"]
    env = {
        "PATH": "/usr/bin:/bin",
        "HOME": str(target),
        "DBT_PROJECT_DIR": str(ROOT / "dbt_project"),
        "DBT_PROFILES_DIR": str(ROOT / "profiles"),
        "DBT_TARGET_PATH": str(target),
        "DBT_LOG_PATH": str(target),
    }
    run(command, env, check=True)
    parsed: dict[str, Any] = json.loads((target / "manifest.json").read_text())
    return parsed


def ours(manifest: dict[str, Any], kind: str) -> list[dict[str, Any]]:
    return [
        n for n in manifest["nodes"].values() if n["resource_type"] == kind and n["package_name"] == "elt"
    ]


def test_no_model_goes_without_a_description_of_its_grain(manifest: dict[str, Any]) -> None:
    for model in ours(manifest, "model"):
        assert "grain" in model["description"], model["name"]


def test_no_mart_goes_without_contract_and_primary_key(manifest: dict[str, Any]) -> None:
    for model in ours(manifest, "model"):
        if "/marts/" not in model["original_file_path"]:
            continue
        assert model["contract"]["enforced"], model["name"]
        assert "primary_key" in {constraint["type"] for constraint in model["constraints"]}, model["name"]
        assert model["group"], model["name"]
        assert all(column["description"] for column in model["columns"].values()), model["name"]


def test_every_data_test_names_one_dimension_and_all_six_are_there(manifest: dict[str, Any]) -> None:
    found = set()
    for test in ours(manifest, "test"):
        tagged = DIMENSIONS & set(test["tags"])
        assert len(tagged) == 1, test["name"]
        found |= tagged
    assert found == DIMENSIONS


def test_no_test_of_the_hourly_build_reads_a_whole_fact(manifest: dict[str, Any]) -> None:
    """What is not nightly narrows itself to the new rows, where the model has a column to do it by."""
    models = {model["unique_id"]: model for model in ours(manifest, "model")}
    for test in ours(manifest, "test"):
        model = models.get(test.get("attached_node") or "")
        if "nightly" in test["tags"] or model is None or "load_order" not in model["columns"]:
            continue
        narrows_itself = test["test_metadata"]["name"] in (
            "raw_equals_base",
            "keys_balance",
            "quarantine_share",
            "monitors_are_quiet",
        )
        assert narrows_itself or "__new_rows__" in (test["config"]["where"] or ""), test["name"]


def test_no_stream_goes_without_freshness(manifest: dict[str, Any]) -> None:
    streams = {
        (source["source_name"], source["name"]): source
        for source in manifest["sources"].values()
        if source["source_name"] != "ops"
    }
    extracted = {(name, stream) for name, source in all_sources().items() for stream in source.stream_names}
    assert streams.keys() == extracted
    # Trades are read of the symbols that are configured for it, by default of none.
    del streams["binance", "agg_trades"]
    for stream in streams.values():
        assert stream["freshness"]["error_after"]["count"], stream["name"]
        assert stream["loaded_at_query"], stream["name"]


def test_only_staging_reads_sources(manifest: dict[str, Any]) -> None:
    for model in ours(manifest, "model"):
        if any(parent.startswith("source.") for parent in model["depends_on"]["nodes"]):
            assert "/staging/" in model["original_file_path"], model["name"]
