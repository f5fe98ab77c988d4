"""`extract docs`: the pages for people without a shell."""

import http.client
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from tests.extract.conftest import ROOT, Command


@pytest.fixture
def written(command: Command, tmp_path: Path) -> Path:
    """The pages of a database that nothing was ever loaded into, and their folder."""
    done = command.run("docs", "write", "site", role="transformer", **dbt_folders(tmp_path))
    assert done.returncode == 0, done.stderr
    return tmp_path / "site"


def dbt_folders(folder: Path) -> dict[str, str]:
    return {
        "DBT_PROJECT_DIR": str(ROOT / "dbt_project"),
        "DBT_PROFILES_DIR": str(ROOT / "profiles"),
        "DBT_LOG_PATH": str(folder / "logs"),
    }


def test_the_pages_tell_when_they_were_made_and_name_every_model(written: Path) -> None:
    report = (written / "index.html").read_text()
    assert f'datetime="{datetime.now(UTC):%Y-%m-%d}' in report
    assert 'href="lineage.html"' in report
    assert "fct_orders" in (written / "lineage.html").read_text()
    assert sorted(path.name for path in written.iterdir()) == ["index.html", "lineage.html"]


def test_dbt_failing_leaves_the_pages_that_were_there(command: Command, tmp_path: Path) -> None:
    (tmp_path / "site").mkdir()
    (tmp_path / "site" / "index.html").write_text("as it was")
    env = dbt_folders(tmp_path) | {"DBT_PROFILES_DIR": str(tmp_path)}
    done = command.run("docs", "write", "site", role="transformer", **env)
    assert done.returncode == 1
    assert "extract: dbt docs generate ended with" in done.stderr
    assert (tmp_path / "site" / "index.html").read_text() == "as it was"


@pytest.fixture
def web(tmp_path: Path) -> Iterator[http.client.HTTPConnection]:
    """A connection to `extract docs serve` over the folder `site` in tmp_path."""
    (tmp_path / "secret.txt").write_text("not for the web")
    (tmp_path / "site").mkdir()
    command = [sys.executable, "-m", "extract", "docs", "serve", str(tmp_path / "site"), "--port", "0"]
    process = subprocess.Popen(command, stdout=subprocess.PIPE, text=True, cwd=ROOT)
    assert process.stdout is not None
    port = int(process.stdout.readline().rsplit(":", 1)[1].strip("/\n"))
    connection = http.client.HTTPConnection("127.0.0.1", port, timeout=10)
    yield connection
    connection.close()
    process.terminate()
    assert process.wait(timeout=10) == 143, "as process 1 of a pod it has to end when it is told to"


def asked(web: http.client.HTTPConnection, path: str, method: str = "GET") -> tuple[int, bytes]:
    web.request(method, path)
    answer = web.getresponse()
    return answer.status, answer.read()


def test_the_site_serves_its_pages_and_nothing_beside_them(
    web: http.client.HTTPConnection, tmp_path: Path
) -> None:
    assert asked(web, "/healthz") == (200, b"ok")
    assert asked(web, "/")[0] == 503, "before the first night there is nothing to see, and it says so"
    (tmp_path / "site" / "index.html").write_text("standing")
    (tmp_path / "site" / ".index.html.new").write_text("half a page")
    assert asked(web, "/?from=mail") == (200, b"standing")
    assert asked(web, "/", "HEAD") == (200, b"")
    for path in ("/../secret.txt", "/%2e%2e/secret.txt", "/.index.html.new", "//etc/passwd", "/site"):
        assert asked(web, path)[0] == 404, path
    assert asked(web, "/", "POST")[0] == 501


def test_a_folder_that_cannot_be_written_is_named(command: Command, tmp_path: Path) -> None:
    (tmp_path / "taken").write_text("")
    done = command.run("docs", "write", "taken", role="transformer", **dbt_folders(tmp_path))
    assert done.returncode == 2
    assert "taken" in done.stderr


def test_a_port_that_is_taken_is_named(command: Command, tmp_path: Path, postgres_server: Any) -> None:
    (tmp_path / "site").mkdir()
    done = command.run("docs", "serve", "site", "--port", str(postgres_server.port))
    assert done.returncode == 2
    assert f"port {postgres_server.port}" in done.stderr
