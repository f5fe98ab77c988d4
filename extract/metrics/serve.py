"""The web server of the metrics: /metrics asks the database, /healthz does not."""

from collections.abc import Callable, Iterable
from socketserver import ThreadingMixIn
from typing import Any
from wsgiref.simple_server import WSGIRequestHandler, WSGIServer, make_server

from prometheus_client import CollectorRegistry, make_wsgi_app
from prometheus_client.registry import Collector


class _Server(ThreadingMixIn, WSGIServer):
    daemon_threads = True


class _Handler(WSGIRequestHandler):
    # Who opens a connection and says nothing is cut off.
    timeout = 15

    def log_message(self, *arguments: object) -> None:
        """Requests are not logged: scrapes come every few seconds."""


def web_server(collector: Collector, host: str, port: int) -> WSGIServer:
    """A server that is bound and not started; port 0 takes a free one. Raises OSError where it cannot bind."""
    registry = CollectorRegistry()
    registry.register(collector)
    metrics = make_wsgi_app(registry)

    def app(environ: dict[str, Any], start: Callable[..., Any]) -> Iterable[bytes]:
        path = environ["PATH_INFO"]
        if path == "/metrics":
            answer: Iterable[bytes] = metrics(environ, start)
            return answer
        status, body = (
            ("200 OK", b"ok") if path == "/healthz" else ("404 Not Found", b"not found: /metrics is")
        )
        start(status, [("Content-Type", "text/plain; charset=utf-8"), ("Content-Length", str(len(body)))])
        return [body]

    return make_server(host, port, app, _Server, _Handler)
