"""A TCP proxy before PostgreSQL that cuts connections around a COMMIT."""

import socket
import threading
from collections.abc import Iterator
from contextlib import contextmanager

_COMMIT = b"COMMIT\0"
_ANSWER = b"COMMIT\0"


class CuttingProxy:
    """Forwards bytes; `cut_before_commit` or `cut_after_commit` decides the fate of the next one.

    After such a cut connections are forwarded whole again.
    """

    def __init__(self, port: int) -> None:
        self._server_port = port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self.cuts = 0
        self._plan: str | None = None
        self._commits_to_pass = 0
        threading.Thread(target=self._accept, daemon=True).start()

    def cut_before_commit(self, passing: int = 0) -> None:
        """After `passing` commits, drop the connection in the place of sending one on."""
        self._plan, self._commits_to_pass = "before", passing

    def cut_after_commit(self, passing: int = 0) -> None:
        """After `passing` commits, send one on, await its success, and drop the answer."""
        self._plan, self._commits_to_pass = "after", passing

    def stop(self) -> None:
        """Accept no more connections."""
        self._listener.close()

    def _accept(self) -> None:
        while True:
            try:
                client, _ = self._listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            awaiting = threading.Event()
            for run, source, sink in (
                (self._to_server, client, server),
                (self._to_client, server, client),
            ):
                threading.Thread(target=run, args=(source, sink, awaiting), daemon=True).start()

    def _to_server(
        self, client: socket.socket, server: socket.socket, awaiting: threading.Event
    ) -> None:
        for chunk in _chunks(client):
            if _COMMIT in chunk and self._plan:
                if self._commits_to_pass:
                    self._commits_to_pass -= 1
                elif self._plan == "before":
                    self._cut(client, server)
                    return
                else:
                    awaiting.set()
            if not _sent(server, chunk):
                break
        _close(client, server)

    def _to_client(
        self, server: socket.socket, client: socket.socket, awaiting: threading.Event
    ) -> None:
        for chunk in _chunks(server):
            if awaiting.is_set() and _ANSWER in chunk:
                self._cut(client, server)
                return
            if not _sent(client, chunk):
                break
        _close(client, server)

    def _cut(self, client: socket.socket, server: socket.socket) -> None:
        self._plan = None
        self.cuts += 1
        _close(client, server)


def _chunks(source: socket.socket) -> Iterator[bytes]:
    while True:
        try:
            chunk = source.recv(65_536)
        except OSError:
            return
        if not chunk:
            return
        yield chunk


def _sent(sink: socket.socket, chunk: bytes) -> bool:
    try:
        sink.sendall(chunk)
    except OSError:
        return False
    return True


def _close(*sockets: socket.socket) -> None:
    for each in sockets:
        try:
            each.shutdown(socket.SHUT_RDWR)
        except OSError:
            continue
        finally:
            each.close()


@contextmanager
def cutting_proxy(port: int) -> Iterator[CuttingProxy]:
    """Stand before the server at a port of this machine for a block."""
    proxy = CuttingProxy(port)
    try:
        yield proxy
    finally:
        proxy.stop()
