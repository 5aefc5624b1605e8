"""What stands around databases: a proxy that stops half way, and a reader that hardly rests."""

import socket
import threading
import time
from collections.abc import Callable, Hashable, Iterator
from contextlib import contextmanager, suppress

from fakes.server import eventually

_COMMIT = b"COMMIT\0"  # the statement as it is sent, and the tag as it is answered
_CHUNK = 65_536
_REST_SECONDS = 0.005


class HoldingProxy:
    """A TCP proxy before PostgreSQL that holds what passes, or lets nobody in."""

    def __init__(self, server_port: int) -> None:
        self._server_port = server_port
        self._listener = socket.create_server(("127.0.0.1", 0))
        self.port: int = self._listener.getsockname()[1]
        self._open: list[socket.socket] = []
        self._held = threading.Event()
        self._released = threading.Event()
        self._bytes_to_pass: int | None = None
        self._commits_to_pass: int | None = None
        self._accepting()

    def hold_after_bytes(self, count: int) -> None:
        """Send on so many bytes of what the client writes, then none."""
        self._clear()
        self._bytes_to_pass = count

    def hold_answer_to_commit(self, passing: int = 0) -> None:
        """After `passing` commits, let one happen and keep the news from the client."""
        self._clear()
        self._commits_to_pass = passing

    def wait_until_held(self) -> None:
        """Wait until something is held back."""
        eventually(self._held.is_set, "the proxy holds something back")

    def release(self) -> None:
        """Let everything pass; what a dead client sent ends with its connection."""
        self._bytes_to_pass = self._commits_to_pass = None
        self._released.set()

    def go_down(self) -> None:
        """Cut every connection and let nobody in."""
        _close(self._listener)  # shut down first: closing alone leaves it to a thread that waits
        for each in self._open:
            _close(each)
        self._open.clear()

    def come_up(self) -> None:
        """Let clients in again, at the same port."""
        self._listener = socket.create_server(("127.0.0.1", self.port))
        self._accepting()

    def _clear(self) -> None:
        self._held.clear()
        self._released.clear()

    def _accepting(self) -> None:
        threading.Thread(target=self._accept, args=(self._listener,), daemon=True).start()

    def _accept(self, listener: socket.socket) -> None:
        while True:
            try:
                client, _ = listener.accept()
            except OSError:
                return
            server = socket.create_connection(("127.0.0.1", self._server_port))
            self._open += [client, server]
            threading.Thread(target=self._to_server, args=(client, server), daemon=True).start()
            threading.Thread(target=self._to_client, args=(server, client), daemon=True).start()

    def _to_server(self, client: socket.socket, server: socket.socket) -> None:
        for chunk in _chunks(client):
            if self._bytes_to_pass is not None:
                self._bytes_to_pass -= len(chunk)
                if self._bytes_to_pass < 0:
                    self._hold()
            if not _sent(server, chunk):
                break
        _close(client)
        _close(server)

    def _to_client(self, server: socket.socket, client: socket.socket) -> None:
        for chunk in _chunks(server):
            if self._commits_to_pass is not None and _COMMIT in chunk:
                self._commits_to_pass -= 1
                if self._commits_to_pass < 0:
                    self._hold()
            if not _sent(client, chunk):
                break
        _close(server)
        _close(client)

    def _hold(self) -> None:
        self._held.set()
        self._released.wait()


def _chunks(source: socket.socket) -> Iterator[bytes]:
    with suppress(OSError):
        while chunk := source.recv(_CHUNK):
            yield chunk


def _sent(sink: socket.socket, chunk: bytes) -> bool:
    try:
        sink.sendall(chunk)
    except OSError:
        return False
    return True


def _close(each: socket.socket) -> None:
    with suppress(OSError):
        each.shutdown(socket.SHUT_RDWR)
    each.close()


@contextmanager
def holding_proxy(server_port: int) -> Iterator[HoldingProxy]:
    """Stand before a PostgreSQL of this machine for a block."""
    proxy = HoldingProxy(server_port)
    try:
        yield proxy
    finally:
        proxy.release()
        proxy.go_down()


class Watcher:
    """Reads a destination again and again and keeps every different sight."""

    def __init__(self, look: Callable[[], Hashable | None]) -> None:
        self._look = look
        self._ended = threading.Event()
        self._thread = threading.Thread(target=self._watch, daemon=True)
        self.sights: list[Hashable] = []
        self.looks = 0
        self.failure: BaseException | None = None

    def _watch(self) -> None:
        try:
            while not self._ended.is_set():
                time.sleep(_REST_SECONDS)
                sight = self._look()
                if sight is None:  # not to be read at this moment
                    continue
                self.looks += 1
                if sight not in self.sights:
                    self.sights.append(sight)
        except BaseException as failure:
            self.failure = failure
            raise

    def start(self) -> None:
        """Begin to read."""
        self._thread.start()

    def stop(self) -> None:
        """Read no more."""
        self._ended.set()
        self._thread.join()
        assert self.failure is None


@contextmanager
def watching(look: Callable[[], Hashable | None]) -> Iterator[Watcher]:
    """Read a destination without a rest while a block lasts; None from `look` is no sight."""
    watcher = Watcher(look)
    watcher.start()
    try:
        yield watcher
    finally:
        watcher.stop()
