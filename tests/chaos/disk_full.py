"""A full disk: loud, nothing partial, and the next run goes on when there is room."""

import os
import shutil
import subprocess
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.bulk import BulkConfig
from sandbox.postgres_account import chosen_account
from tests.chaos.lab import ORDERS, Figures, Lab, lab

MEGABYTES = 24
CONFIG = """
[load]
max_rows = 8_000
"""


class NoSmallDiskError(Exception):
    """This machine lets us mount none."""


@contextmanager
def small_disk(megabytes: int) -> Iterator[Path]:
    """A file system in memory of so many MB. Raises NoSmallDiskError where we may not mount one."""
    folder = Path(tempfile.mkdtemp(prefix="elt-small-disk-"))
    mount = ["mount", "-t", "tmpfs", "-o", f"size={megabytes}m,mode=0777", "tmpfs", str(folder)]
    try:
        done = subprocess.run(mount, capture_output=True, text=True, check=False)
    except FileNotFoundError:
        done = subprocess.CompletedProcess(mount, 1, "", "there is no mount")
    if done.returncode != 0:
        folder.rmdir()
        raise NoSmallDiskError(f"a small disk needs the right to mount: {done.stderr.strip()}")
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=True)
        shutil.rmtree(folder, ignore_errors=True)


def run(*, records: int) -> Figures:
    """Fills the disk under raw, looks at what is left, makes room and goes on."""
    with small_disk(MEGABYTES) as disk, lab(BulkConfig(records=records)) as here:
        here.configure(CONFIG, page_size=500)
        _put_raw_on(here, disk)
        full = here.run("run", *ORDERS, check=False)
        assert full.returncode == 1, full.stderr
        assert "No space left on device" in full.stderr
        assert len(full.stderr.splitlines()) == 1, full.stderr
        here.assert_books_balance()
        before = here.scalar("select count(*) from ops.loads")
        assert before > 0, "the disk was full before the first load"
        assert here.rows("select status from ops.sweeps") == [("failed",)]
        subprocess.run(["mount", "-o", "remount,size=2g", str(disk)], check=True)
        here.run("run", *ORDERS)
        assert here.lost_and_doubled() == (0, 0)
        here.assert_books_balance()
        assert here.rows("select count(*), sum(restarts) from ops.sweeps") == [(1, 0)]
        with here.connect() as admin:
            admin.execute("drop table raw.smartpizza__orders cascade")
            admin.execute("drop tablespace small")
    return {
        "exit code, message": "1, one line that says so",
        "partial loads": "0",
        "lost, doubled after the next run": "0, 0",
    }


def _put_raw_on(here: Lab, disk: Path) -> None:
    folder = disk / "tablespace"
    folder.mkdir()
    account = chosen_account(here.cluster.data_dir)
    if account is not None:
        os.chown(folder, account.uid, account.gid)
    with here.connect() as admin:
        admin.execute(f"create tablespace small location '{folder}'")
        partitions = admin.execute(
            "select inhrelid::regclass::text from pg_inherits"
            " where inhparent = 'raw.smartpizza__orders'::regclass"
        ).fetchall()
        for (partition,) in partitions:
            admin.execute(f"alter table {partition} set tablespace small")
