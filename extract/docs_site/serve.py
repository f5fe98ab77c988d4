"""A small web server for the two pages: they are read anew for each request, and nothing else is served."""

import http.server
from collections.abc import Callable
from functools import partial
from http import HTTPStatus
from pathlib import Path

PAGES = {"/": "index.html", "/index.html": "index.html", "/lineage.html": "lineage.html"}
_HEADERS = {
    "Content-Type": "text/html; charset=utf-8",
    "Cache-Control": "no-cache",
    "X-Content-Type-Options": "nosniff",
    "X-Frame-Options": "DENY",
    "Referrer-Policy": "no-referrer",
}


class Handler(http.server.BaseHTTPRequestHandler):
    """GET and HEAD of the pages in `folder`, and of /healthz."""

    server_version = "small-elt"
    sys_version = ""
    # Who opens a connection and says nothing is cut off.
    timeout = 15

    def __init__(self, folder: Path, *arguments: object) -> None:
        self._folder = folder
        super().__init__(*arguments)  # type: ignore[arg-type]

    def do_GET(self) -> None:
        self._answer(self.wfile.write)

    def do_HEAD(self) -> None:
        self._answer(lambda _body: None)

    def log_message(self, *arguments: object) -> None:
        """Requests are not logged: probes come every few seconds."""

    def _answer(self, write: Callable[[bytes], object]) -> None:
        status, body = self._page(self.path.partition("?")[0])
        self.send_response(status)
        for name, value in (_HEADERS | {"Content-Length": str(len(body))}).items():
            self.send_header(name, value)
        self.end_headers()
        write(body)

    def _page(self, path: str) -> tuple[HTTPStatus, bytes]:
        if path == "/healthz":
            return HTTPStatus.OK, b"ok"
        if path not in PAGES:
            return HTTPStatus.NOT_FOUND, b"not found"
        try:
            return HTTPStatus.OK, (self._folder / PAGES[path]).read_bytes()
        except FileNotFoundError:
            return HTTPStatus.SERVICE_UNAVAILABLE, b"not written yet: the job `docs` writes it"


def web_server(folder: Path, host: str, port: int) -> http.server.ThreadingHTTPServer:
    """A server that is bound and not started; port 0 takes a free one. Raises OSError where it cannot bind."""
    return http.server.ThreadingHTTPServer((host, port), partial(Handler, folder))
