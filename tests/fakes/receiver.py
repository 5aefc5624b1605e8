"""A webhook receiver over real TLS that does what a test tells it to, and remembers what it got."""

import ssl
import threading
import time
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from fakes.certificates import ServerFiles


@dataclass(frozen=True)
class Got:
    """One request as it arrived. at: seconds of a clock that only goes forward."""

    method: str
    path: str
    headers: Mapping[str, str]
    body: bytes
    at: float

    def header(self, name: str) -> str:
        return {key.lower(): value for key, value in self.headers.items()}[name.lower()]


@dataclass(frozen=True)
class Reply:
    """How a request is answered. hang: not at all until the receiver ends."""

    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    body: bytes = b"ok"
    hang: bool = False
    drip_seconds: float = 0.0


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    disable_nagle_algorithm = True
    server: "_Http"

    def setup(self) -> None:
        super().setup()
        self.owner = self.server.owner
        self.owner.connections += 1

    def do_GET(self) -> None:
        got = self._got()
        self.owner.challenges.append(got)
        self.owner.at_challenge()
        challenge = got.header("X-Improvado-Challenge").encode() + self.owner.challenge_tail
        self._reply(self.owner.challenge_reply or Reply(body=challenge))

    def do_POST(self) -> None:
        self.owner.deliveries.append(self._got())
        planned = self.owner.planned.pop(0) if self.owner.planned else None
        self._reply(self.owner.always or planned or Reply())

    def _got(self) -> Got:
        body = self.rfile.read(int(self.headers.get("Content-Length", 0)))
        return Got(self.command, self.path, dict(self.headers), body, time.monotonic())

    def _reply(self, reply: Reply) -> None:
        if reply.hang:
            self.owner.ended.wait()
            self.close_connection = True
            return
        self.send_response(reply.status)
        for name, value in reply.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(reply.body)))
        self.end_headers()
        size = 1 if reply.drip_seconds else 65_536
        for start in range(0, len(reply.body), size):
            if self.owner.ended.wait(reply.drip_seconds):
                return
            self.wfile.write(reply.body[start : start + size])

    def log_message(self, *_: Any) -> None:
        pass


class _Http(ThreadingHTTPServer):
    daemon_threads = True
    block_on_close = False
    request_queue_size = 128

    def __init__(self, owner: "Receiver", files: ServerFiles) -> None:
        self.owner = owner
        super().__init__(("127.0.0.1", 0), _Handler)
        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate, files.key)
        # Each connection's own thread shakes hands, so that none keeps the others waiting.
        self.socket = context.wrap_socket(
            self.socket, server_side=True, do_handshake_on_connect=False
        )

    def handle_error(self, *_: Any) -> None:
        pass  # callers that go away are part of what is tested


class Receiver:
    """Answers challenges rightly, and deliveries with the replies planned, then with 200."""

    def __init__(self, files: ServerFiles) -> None:
        self.deliveries: list[Got] = []
        self.challenges: list[Got] = []
        self.planned: list[Reply] = []
        self.always: Reply | None = None
        self.challenge_reply: Reply | None = None
        self.challenge_tail = b""
        self.at_challenge: Callable[[], None] = lambda: None
        self.connections = 0
        self.ended = threading.Event()
        self._http = _Http(self, files)
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def url(self, host: str = "127.0.0.1", path: str = "/hook") -> str:
        """Where it is, under a host name that leads here."""
        return f"https://{host}:{self.port}{path}"

    def close(self) -> None:
        self.ended.set()
        self._http.shutdown()
        self._http.server_close()
        self._thread.join()


@contextmanager
def receiving(files: ServerFiles) -> Iterator[Receiver]:
    """A receiver for a block."""
    receiver = Receiver(files)
    try:
        yield receiver
    finally:
        receiver.close()
