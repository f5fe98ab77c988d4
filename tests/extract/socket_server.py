"""Servers of a few lines on real sockets, for what no transport can fake: bytes that come late, or never."""

import socket
import ssl
import subprocess
import threading
from collections.abc import Callable, Iterator
from contextlib import ExitStack, closing, contextmanager, suppress
from pathlib import Path


@contextmanager
def serving(talk: Callable[[socket.socket], None], tls: ssl.SSLContext | None = None) -> Iterator[str]:
    """A base URL; `talk` is called in a thread of its own with each connection, its request read."""
    with socket.create_server(("127.0.0.1", 0)) as listener:

        def accept() -> None:
            with suppress(OSError):
                while True:
                    connection, _ = listener.accept()
                    threading.Thread(target=converse, args=[connection], daemon=True).start()

        def secured(accepted: socket.socket) -> socket.socket:
            return tls.wrap_socket(accepted, server_side=True) if tls is not None else accepted

        def converse(accepted: socket.socket) -> None:
            # The other side hangs up in the middle: that is what is tested.
            with suppress(OSError), closing(secured(accepted)) as connection:
                received = b""
                while not received.endswith(b"\r\n\r\n"):
                    if not (more := connection.recv(4096)):
                        return
                    received += more
                talk(connection)

        threading.Thread(target=accept, daemon=True).start()
        yield f"{'https' if tls else 'http'}://127.0.0.1:{listener.getsockname()[1]}"
        # Closing alone leaves a thread in accept.
        with suppress(OSError):
            listener.shutdown(socket.SHUT_RDWR)


@contextmanager
def blackhole() -> Iterator[str]:
    """A base URL to which no connection is ever made: the listener's queue is full."""
    with ExitStack() as stack:
        listener = stack.enter_context(socket.socket())
        listener.bind(("127.0.0.1", 0))
        listener.listen(0)
        for _ in range(3):
            filler = stack.enter_context(socket.socket())
            filler.setblocking(False)
            filler.connect_ex(listener.getsockname())
        yield f"http://127.0.0.1:{listener.getsockname()[1]}"


def certificate(folder: Path) -> Path:
    """A file with a new key and a certificate of 127.0.0.1 that signs itself."""
    file = folder / "server.pem"
    key = ["-newkey", "ec", "-pkeyopt", "ec_paramgen_curve:prime256v1", "-nodes"]
    names = ["-subj", "/CN=test", "-addext", "subjectAltName=IP:127.0.0.1"]
    command = ["openssl", "req", "-x509", *key, *names, "-keyout", file, "-out", folder / "certificate.pem"]
    subprocess.run(command, check=True, capture_output=True)
    file.write_text(file.read_text() + (folder / "certificate.pem").read_text())
    return file
