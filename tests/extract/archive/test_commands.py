"""The commands `archive`, `restore`, `partitions` and `erase` as people run them."""

import pytest

from tests.extract.archive.conftest import Raw
from tests.extract.conftest import Command
from tests.extract.fake_api import FakeApi


def test_a_dry_run_moves_something(raw: Raw, orders: FakeApi, archive_command: Command) -> None:
    before = raw.rows()
    done = archive_command.run("archive", "smartpizza", "--dry-run", role="maintainer")
    assert (done.returncode, done.stdout) == (0, "smartpizza.orders 2026-03-01: would be archived\n")
    assert (raw.rows(), raw.status()) == (before, [])


def test_there_and_back(raw: Raw, orders: FakeApi, archive_command: Command) -> None:
    before = raw.rows()
    done = archive_command.run("archive", role="maintainer")
    assert done.returncode == 0
    assert done.stdout == "smartpizza.orders 2026-03-01: archived 53 rows, 0.1 MB in 1 objects\n"
    done = archive_command.run(
        "restore", "smartpizza", "--day", "2026-02-27", "--to", "2026-03-02", role="maintainer"
    )
    assert done.stdout == "smartpizza.orders 2026-03-01: restored 53 rows, 0 of them redacted\n"
    assert raw.rows() == before
    done = archive_command.run("archive", role="maintainer")
    assert done.stdout == "smartpizza.orders 2026-03-01: waits: it was restored less than 7 days ago\n"


@pytest.mark.parametrize(
    ("arguments", "role", "config", "told"),
    [
        (("archive",), "maintainer", "", "config: [archive] lacks url: s3://bucket/prefix or file:///folder"),
        (
            ("archive",),
            "maintainer",
            '[archive]\nurl = "ftp://x"',
            "must be s3://bucket/prefix or file:///folder",
        ),
        (("archive",), "maintainer", '[archive]\nurl = "s3://key:secret@x"', "without credentials"),
        (("archive",), "maintainer", "[archive]\nkeep_days = 1", "archive.keep_days"),
        (("archive",), "extractor", '[archive]\nurl = "file://{tmp}"', "permission denied"),
        (
            ("restore", "smartpizza", "--day", "2026-03-02", "--to", "2026-03-01"),
            "maintainer",
            '[archive]\nurl = "file://{tmp}"',
            "--to 2026-03-01 is before --day 2026-03-02",
        ),
        (
            ("restore", "smartpizza", "--day", "2026-03-02"),
            "maintainer",
            '[archive]\nurl = "file://{tmp}"',
            "no day of branches, recipes, customers",
        ),
        (
            ("restore", "smartpizza", "--day", "2026-03-02", "--stream", "x"),
            "maintainer",
            "",
            "no stream 'x'",
        ),
    ],
    ids=lambda value: " ".join(value) if isinstance(value, tuple) else "",
)
def test_a_wrong_use_is_not_named(
    command: Command, arguments: tuple[str, ...], role: str, config: str, told: str
) -> None:
    command.configure(config.replace("{tmp}", str(command.folder)))
    done = command.run(*arguments, role=role)
    assert done.returncode == 2
    assert told in done.stderr
    assert len(done.stderr.splitlines()) == 1


def test_a_secret_in_a_file_is_not_found(
    raw: Raw, orders: FakeApi, archive_command: Command, monkeypatch: pytest.MonkeyPatch
) -> None:
    path = archive_command.folder / "key"
    path.write_text("a-key\n")
    archive_command.configure('[archive]\nurl = "s3://archive/raw"\nendpoint = "http://127.0.0.1:9"\n')
    env = {"AWS_ACCESS_KEY_ID_FILE": str(path), "AWS_SECRET_ACCESS_KEY_FILE": str(path) + "-not"}
    for name in ("AWS_ACCESS_KEY_ID", "AWS_SECRET_ACCESS_KEY"):
        monkeypatch.delenv(name, raising=False)
    done = archive_command.run("archive", role="maintainer", **env)
    assert done.returncode == 2
    assert "AWS_SECRET_ACCESS_KEY_FILE names" in done.stderr
    done = archive_command.run("archive", role="maintainer", AWS_ACCESS_KEY_ID_FILE=str(path))
    assert "set both AWS_ACCESS_KEY_ID and AWS_SECRET_ACCESS_KEY, or neither" in done.stderr


def test_partitions_for_the_days_ahead_are_not_made(raw: Raw, command: Command) -> None:
    days = "select tablename from pg_tables where schemaname = 'raw' and tablename ~ '__orders_[0-9]{8}$'"
    with raw.database.connect() as admin:
        before = admin.execute(days).fetchall()
        admin.execute(
            "do $$ begin execute format('drop table raw.smartpizza__orders_%s', "
            "to_char(now() at time zone 'UTC' + interval '3 days', 'YYYYMMDD')); end $$"
        )
    done = command.run("partitions", role="maintainer")
    assert done.stdout == "made 1 partitions; there are some for each of the next 7 days\n"
    with raw.database.connect() as admin:
        assert sorted(admin.execute(days).fetchall()) == sorted(before)
