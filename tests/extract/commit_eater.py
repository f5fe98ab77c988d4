"""A proxy before Postgres that passes a COMMIT on and then hangs up: the client never hears what came of it."""

import socket
import threading
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress

_COMMIT = b"COMMIT\x00"
_SECONDS_FOR_THE_COMMIT = 0.5


@contextmanager
def commit_eater(port: int, numbers: set[int]) -> Iterator[int]:
    """Listens on the loopback port it gives; of all COMMITs those of these `numbers` (from 1) go unanswered."""
    seen = iter(range(1, 1_000_000))
    with socket.create_server(("127.0.0.1", 0)) as server:
        threading.Thread(target=_accept, args=(server, port, numbers, seen), daemon=True).start()
        yield server.getsockname()[1]


def _accept(server: socket.socket, port: int, numbers: set[int], seen: Iterator[int]) -> None:
    with suppress(OSError):
        while True:
            client, _ = server.accept()
            upstream = socket.create_connection(("127.0.0.1", port))
            for source, sink in ((client, upstream), (upstream, client)):
                pump = threading.Thread(
                    target=_pump, args=(source, sink, numbers, seen, source is client), daemon=True
                )
                pump.start()


def _pump(
    source: socket.socket, sink: socket.socket, numbers: set[int], seen: Iterator[int], from_client: bool
) -> None:
    with suppress(OSError):
        while data := source.recv(65_536):
            if from_client and data.endswith(_COMMIT) and next(seen) in numbers:
                source.shutdown(socket.SHUT_RDWR)
                sink.sendall(data)
                time.sleep(_SECONDS_FOR_THE_COMMIT)
                break
            sink.sendall(data)
    for each in (source, sink):
        with suppress(OSError):
            each.shutdown(socket.SHUT_RDWR)
        each.close()
