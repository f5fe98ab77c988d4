"""Clusters that live as long as one process, for tests; those whose process was killed are cleared away."""

import fcntl
import os
import shutil
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sandbox.files import locked
from sandbox.postgres import Cluster, Server

_PREFIX = "elt-throwaway-"
# Between making its folder and locking it, a living owner looks like a dead one.
_SECONDS_TO_BEGIN = 60


@contextmanager
def throwaway_cluster(shared_buffers: str = "64MB") -> Iterator[Server]:
    """A running server with a new cluster in a temporary folder, without fsync; gone at the end."""
    with breakable_cluster(shared_buffers) as cluster:
        yield cluster.server()


@contextmanager
def breakable_cluster(shared_buffers: str = "64MB") -> Iterator[Cluster]:
    """The same in the hands of who wants to stop and start it."""
    _clear_abandoned()
    folder = Path(tempfile.mkdtemp(prefix=_PREFIX))
    with locked(folder / "owner"):
        cluster = Cluster(folder / "data", safe=False, shared_buffers=shared_buffers)
        try:
            cluster.start()
            yield cluster
        finally:
            cluster.stop()
            shutil.rmtree(folder)


def _clear_abandoned() -> None:
    """Stops and deletes this user's clusters whose owner holds its lock no more."""
    for folder in Path(tempfile.gettempdir()).glob(f"{_PREFIX}*"):
        try:
            seen = folder.lstat()
            if seen.st_uid != os.geteuid() or time.time() - seen.st_mtime < _SECONDS_TO_BEGIN:
                continue
            handle = os.open(folder / "owner", os.O_RDWR | os.O_CLOEXEC)
        except FileNotFoundError:
            # Being made or deleted right now.
            continue
        try:
            fcntl.flock(handle, fcntl.LOCK_EX | fcntl.LOCK_NB)
        except BlockingIOError:
            continue
        else:
            Cluster(folder / "data").stop()
            shutil.rmtree(folder, ignore_errors=True)
        finally:
            os.close(handle)
