"""`extract new-source`: what it writes works unedited, and what it must not do."""

import json
import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from extract.errors import ConfigurationError
from extract.new_source import new_source
from extract.new_source.wish import AuthKind, wish
from tests.extract.new_source.public_api import TOKEN, PublicApi, issue, payment, region, served

ROOT = Path(__file__).resolve().parents[3]
FOLDERS = ("extract", "sandbox", "tests", "dbt_project", "macros", "profiles")
FILES = ("pyproject.toml", "extract.toml", ".sqlfluff", ".yamllint", ".gitignore")
NEW = ("web_shop", "atlas", "hub")
BIN = Path(sys.executable).parent


@pytest.fixture(scope="module")
def api() -> Iterator[PublicApi]:
    with served(
        payments=[payment(number) for number in range(45)],
        regions=[region(number) for number in range(7)],
        issues=[issue(number) for number in range(45)],
    ) as running:
        yield running


class Copy:
    """A copy of the project, with commands run in it."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        for name in FOLDERS:
            ignored = shutil.ignore_patterns("__pycache__", "target", "logs")
            shutil.copytree(ROOT / name, folder / name, ignore=ignored)
        for name in FILES:
            shutil.copy(ROOT / name, folder)

    def run(self, *command: str, code: int = 0, **env: str) -> str:
        """What a command says; it has to end with `code`."""
        paths = {
            "DBT_PROJECT_DIR": "dbt_project",
            "DBT_PROFILES_DIR": "profiles",
            "DBT_TARGET_PATH": "target",
        }
        done = subprocess.run(
            [str(BIN / command[0]), *command[1:]],
            cwd=self.folder,
            env={**os.environ, **paths, "DBT_LOG_PATH": "logs", "PYTHONPATH": str(self.folder), **env},
            capture_output=True,
            text=True,
            check=False,
        )
        assert done.returncode == code, f"{command}\n{done.stdout}\n{done.stderr}"
        return done.stdout + done.stderr

    def extract(self, *arguments: str, code: int = 0, **env: str) -> str:
        return self.run("python", "-m", "extract", *arguments, code=code, **env)

    def new_source(self, name: str, url: str, *options: str, code: int = 0) -> str:
        return self.extract(
            "new-source", name, "--url", url, *options, code=code, **{f"{name.upper()}_TOKEN": TOKEN}
        )

    def files(self) -> dict[str, bytes]:
        """All that a new source could be written to."""
        paths = [
            path for path in self.folder.rglob("*") if path.is_file() and "__pycache__" not in path.parts
        ]
        return {str(path.relative_to(self.folder)): path.read_bytes() for path in paths}


@pytest.fixture(scope="module")
def copy(tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy that the tests which write nothing share."""
    return Copy(tmp_path_factory.mktemp("project"))


@pytest.fixture(scope="module")
def written(api: PublicApi, tmp_path_factory: pytest.TempPathFactory) -> Copy:
    """A copy with three new sources: pages by a token, by number (a full list) and by Link header (a bare list)."""
    copy = Copy(tmp_path_factory.mktemp("written"))
    before = len(api.requests)
    told = copy.new_source("web_shop", f"{api.url}/v1/payments")
    assert len(api.requests) - before == 2, "more than a look and a second page"
    assert "next page: 10 more records" in told
    assert "PageNumber" in copy.new_source("atlas", f"{api.url}/v1/regions")
    assert "LinkHeader" in copy.new_source(
        "hub", f"{api.url}/repos/o/r/issues?state=all", "--cursor", "since=updated_at"
    )
    return copy


def test_lint_or_the_kit_wants_an_edit(written: Copy) -> None:
    models = [f"dbt_project/models/{kind}/{name}" for kind in ("staging", "quarantine") for name in NEW]
    written.run("ruff", "check", "extract/sources")
    written.run("ruff", "format", "--check", "extract/sources")
    written.run("mypy", *(f"extract/sources/{name}.py" for name in NEW), "--follow-imports=silent")
    written.run("sqlfluff", "lint", "--disable-progress-bar", *models)
    written.run("yamllint", "--strict", *models, "dbt_project/selectors.yml")
    declared = ("tests/sources/test_every_source.py", "tests/extract/sources", "tests/test_imports.py")
    chosen = ("-k", " or ".join([*NEW, "dbt_project"]))
    told = written.run("python", "-m", "pytest", "-q", *declared, "tests/dbt/test_dbt_project.py", *chosen)
    assert re.search(r"^\d\d passed", told, re.M), told


def test_what_was_written_does_not_run(
    written: Copy, database: dict[str, str], role_passwords: dict[str, str]
) -> None:
    """From `extract init` to the counts in staging."""
    passwords = {f"{role.upper()}_PASSWORD": password for role, password in role_passwords.items()}
    tokens = {f"{name.upper()}_TOKEN": TOKEN for name in NEW}
    written.extract("init", **database, **passwords)
    extractor = {**database, **tokens, "PGUSER": "extractor", "PGPASSWORD": role_passwords["extractor"]}
    transformer = {**database, "PGUSER": "transformer", "PGPASSWORD": role_passwords["transformer"]}
    written.extract("check", *NEW, **extractor)
    written.extract("run", *NEW, **extractor)
    written.extract("run", *NEW, **extractor)  # the same again: it must count once
    written.run("dbt", "build", "--quiet", "--select", *(f"tag:{name}" for name in NEW), **transformer)
    with psycopg.connect(**conninfo(database)) as connection:
        assert_staged(connection)


def assert_staged(connection: psycopg.Connection) -> None:
    connection.execute("set timezone = 'UTC'")

    def row(query: str) -> Any:
        return connection.execute(query).fetchone()

    assert row("select count(*) from staging.stg_web_shop__payments") == (45,)
    assert row("select count(*) from staging.stg_atlas__regions") == (7,)
    assert row("select count(*), count(distinct issue_id) from staging.stg_hub__issues") == (45, 45)
    for table in ("web_shop__payments", "atlas__regions", "hub__issues"):
        assert row(f"select count(*) from quarantine.quarantine_{table}") == (0,)
    assert row("select sum(amount), sum(fee_amount) from staging.stg_web_shop__payments") == (
        sum(range(45)) + 45 * 0.5, sum(range(45)) / 4
    )  # fmt: skip
    assert row(
        """
        select payment_order, is_live, extract(epoch from created_at)::bigint, due_date::text,
            settled_at::text, updated_at::text, customer_id, lines -> 0 -> 'quantity', payment_select
        from staging.stg_web_shop__payments where payment_id = 'pay_00006'
        """
    ) == (
        1006, True, 1_772_000_006, "2026-04-01",
        "2026-03-16 23:00:00+00", "2026-03-16 10:06:00+00", "cus_6", 6, "a reserved word",
    )  # fmt: skip
    columns = connection.execute(
        """
        select column_name from information_schema.columns
        where table_name like '%web_shop%' and table_schema <> 'raw'
        """
    ).fetchall()
    assert not {"customer_email", "billing_details"} & {name for (name,) in columns}, (
        "personal data was typed"
    )


def conninfo(env: dict[str, str]) -> dict[str, Any]:
    names = {
        "host": "PGHOST",
        "port": "PGPORT",
        "user": "PGUSER",
        "password": "PGPASSWORD",
        "dbname": "PGDATABASE",
    }
    return {name: env[variable] for name, variable in names.items()}


def test_a_fixture_gives_a_person_away(written: Copy) -> None:
    text = (written.folder / "tests/sources/fixtures/web_shop__payments.json").read_text()
    assert not re.search("jane|doe|mail.test|1234567", text, re.I)
    records = json.loads(text)
    assert len(records) == 20
    assert records[0].keys() == payment(0).keys()
    assert records[0]["customer_email"] == records[7]["customer_email"] != records[1]["customer_email"]
    assert [record["id"] for record in records] == [payment(number)["id"] for number in range(20)]


def test_a_source_that_is_there_is_overwritten(api: PublicApi, tmp_path: Path) -> None:
    copy = Copy(tmp_path / "project")
    copy.new_source("web_shop", f"{api.url}/v1/payments")
    source = copy.folder / "extract/sources/web_shop.py"
    source.write_text(source.read_text() + "# edited\n")
    before = copy.files()
    told = copy.new_source("web_shop", f"{api.url}/v1/payments", code=2)
    assert "source web_shop is taken: extract/sources/web_shop.py is there; --force writes over it" in told
    assert copy.files() == before
    copy.new_source("web_shop", f"{api.url}/v1/payments?limit=7", "--force")
    assert "# edited" not in source.read_text()
    config = (copy.folder / "extract.toml").read_text()
    assert config.count("[sources.web_shop]") == 1
    assert "page_size = 7\n" in config
    assert "[sources.smartpizza]" in config
    assert (copy.folder / "dbt_project/selectors.yml").read_text().count("name: web_shop\n") == 1


def test_a_file_that_cannot_be_written_leaves_half_a_source(api: PublicApi, tmp_path: Path) -> None:
    copy = Copy(tmp_path / "project")
    # A file where a folder must be: what is written before it has to go again.
    (copy.folder / "dbt_project/models/quarantine/web_shop").write_text("in the way")
    before = copy.files()
    told = copy.new_source("web_shop", f"{api.url}/v1/payments", code=1)
    assert "quarantine_web_shop__payments.sql cannot be written" in told
    assert "nothing was changed" in told
    assert copy.files() == before
    assert not (copy.folder / "dbt_project/models/staging/web_shop").exists()


REFUSED: list[tuple[str, str, dict[str, str], str]] = [
    ("Web-Shop", "/v1/payments", {}, "source name 'Web-Shop' will not do"),
    ("web__shop", "/v1/payments", {}, "source name 'web__shop' will not do"),
    ("class", "/v1/payments", {}, "source name 'class' will not do"),
    ("ops", "/v1/payments", {}, "source name ops is taken"),
    ("smartpizza", "/v1/payments", {}, "source smartpizza is taken"),
    ("web_shop", "/v1/payments?api_key=abc", {}, "names a secret in parameter api_key"),
    ("web_shop", "/", {}, "stream name '' will not do"),
    ("web_shop", "/v1/payments", {"stream": "p" * 60}, "too long a name for a table"),
    ("web_shop", "/v1/payments", {"key": "currency"}, "--key currency: its values repeat; fields: id,"),
    (
        "web_shop",
        "/v1/payments",
        {"key": "settledAt"},
        "settledAt is no text or whole number in every record",
    ),
    (
        "web_shop",
        "/v1/payments",
        {"cursor": "dueOn"},
        "dueOn is no time (RFC 3339 with a zone, or Unix time)",
    ),
]


@pytest.mark.parametrize("refused", REFUSED, ids=lambda refused: refused[-1][:30])
def test_a_wish_that_cannot_be_is_written(
    refused: tuple[str, str, dict[str, str], str], copy: Copy, api: PublicApi, monkeypatch: pytest.MonkeyPatch
) -> None:
    name, path, options, words = refused
    monkeypatch.setenv(f"{name.upper()}_TOKEN", TOKEN)
    before = copy.files()
    with pytest.raises(ConfigurationError, match=re.escape(words)):
        new_source(wish(name, f"{api.url}{path}", **options), copy.folder)
    assert copy.files() == before


@pytest.mark.parametrize(
    "asked",
    [
        (AuthKind.API_KEY, {"SHOP_API_KEY": TOKEN}, "", 'auth=ApiKey(name="X-Shop-Key")'),
        (AuthKind.BASIC, {"SHOP_USERNAME": "shop", "SHOP_PASSWORD": TOKEN}, "", "auth=Basic()"),
        (AuthKind.NONE, {}, "?open=1", "auth=NoAuth()"),
    ],
    ids=lambda asked: str(asked[0]),
)
def test_an_api_with_another_credential_than_a_token_is_not_declared(
    asked: tuple[AuthKind, dict[str, str], str, str],
    api: PublicApi,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    kind, env, query, declared = asked
    copy = Copy(tmp_path / "project")
    wished = wish("shop", f"{api.url}/v1/payments{query}", auth=kind, key_header="X-Shop-Key")
    if env:
        with pytest.raises(ConfigurationError, match=f"the API wants a credential: set {next(iter(env))}"):
            new_source(wished, copy.folder)
    for name, value in env.items():
        monkeypatch.setenv(name, value)
    new_source(wished, copy.folder)
    source = (copy.folder / "extract/sources/shop.py").read_text()
    assert declared in source
    assert "from extract.auth_kinds import" in source
    assert TOKEN not in "".join(text.decode() for text in copy.files().values() if b"Shop" in text)
    copy.run("ruff", "check", "extract/sources")
    copy.run("ruff", "format", "--check", "extract/sources")


def test_an_api_that_does_not_answer_with_records_is_written(copy: Copy, api: PublicApi) -> None:
    url = f"{api.url}/v1/payments"
    assert "the API wants a credential: set WEB_SHOP_TOKEN" in copy.extract(
        "new-source", "web_shop", "--url", url, code=2
    )
    refused = copy.extract("new-source", "web_shop", "--url", url, code=2, WEB_SHOP_TOKEN="wrong-one")
    assert "set WEB_SHOP_TOKEN" in refused
    assert "wrong-one" not in refused
    assert "the API answered 404" in copy.new_source("web_shop", f"{api.url}/v1/orders", code=1)
    assert "the list is empty" in copy.new_source("web_shop", f"{url}?cursor=900", code=1)
    assert "no connection" in copy.new_source("web_shop", "http://127.0.0.1:1/v1/payments", code=75)
    assert "--url must be" in copy.new_source("web_shop", "ftp://127.0.0.1/v1/payments", code=2)
