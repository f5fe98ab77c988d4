"""A hub of dbt packages on the loopback: empty packages of the names and versions it is given."""

import io
import json
import tarfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@contextmanager
def serving(packages: dict[str, str]) -> Iterator[str]:
    """Serve these (owner/name to version) until the end; yields the address for DBT_PACKAGE_HUB_URL."""
    pages: dict[str, bytes] = {}
    server = ThreadingHTTPServer(("127.0.0.1", 0), _handler(pages))
    address = f"http://127.0.0.1:{server.server_port}/"
    pages["/api/v1/index.json"] = json.dumps(list(packages)).encode()
    for package, version in packages.items():
        name = package.rpartition("/")[2]
        pages[f"/api/v1/{package}.json"] = json.dumps(_description(address, name, version)).encode()
        pages[f"/{name}.tar.gz"] = _tarball(name, version)
    threading.Thread(target=server.serve_forever, kwargs={"poll_interval": 0.05}, daemon=True).start()
    try:
        yield address
    finally:
        server.shutdown()
        server.server_close()


def _handler(pages: dict[str, bytes]) -> type[BaseHTTPRequestHandler]:
    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = pages.get(self.path)
            self.send_response(404 if page is None else 200)
            self.end_headers()
            self.wfile.write(page or b"")

        def log_message(self, *_: object) -> None:
            """Say nothing: pytest's output is for failures."""

    return Handler


def _description(address: str, name: str, version: str) -> dict[str, object]:
    release = {
        "id": f"{name}/{version}",
        "name": name,
        "version": version,
        "packages": [],
        "require_dbt_version": [],
        "downloads": {"tarball": f"{address}{name}.tar.gz", "format": "tgz", "sha1": ""},
    }
    return {"name": name, "namespace": "owner", "latest": version, "versions": {version: release}}


def _tarball(name: str, version: str) -> bytes:
    files = {"dbt_project.yml": f"name: {name}\nversion: '{version}'\n", "from_the_hub.md": "real\n"}
    archive = io.BytesIO()
    with tarfile.open(fileobj=archive, mode="w:gz") as tar:
        for path, text in files.items():
            member = tarfile.TarInfo(f"{name}-{version}/{path}")
            member.size = len(text)
            tar.addfile(member, io.BytesIO(text.encode()))
    return archive.getvalue()
