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


class Receiver:
    """Answers challenges rightly, and deliveries with the replies planned, then with 200."""

    def __init__(self, files: ServerFiles, host: str = "127.0.0.1") -> None:
        self.deliveries: list[Got] = []
        self.challenges: list[Got] = []
        self.planned: list[Reply] = []
        self.always: Reply | None = None
        self.challenge_reply: Reply | None = None
        self.challenge_tail = b""
        self.at_challenge: Callable[[], None] = lambda: None
        self.connections = 0
        self._ended = threading.Event()
        outer = self

        class Handler(BaseHTTPRequestHandler):
            protocol_version = "HTTP/1.1"
            disable_nagle_algorithm = True

            def setup(self) -> None:
                super().setup()
                outer.connections += 1

            def do_GET(self) -> None:  # noqa: N802 - the server's own name
                got = self._got()
                outer.challenges.append(got)
                outer.at_challenge()
                challenge = got.header("X-Improvado-Challenge").encode() + outer.challenge_tail
                self._reply(outer.challenge_reply or Reply(body=challenge))

            def do_POST(self) -> None:  # noqa: N802 - the server's own name
                outer.deliveries.append(self._got())
                planned = outer.planned.pop(0) if outer.planned else None
                self._reply(outer.always or planned or Reply())

            def _got(self) -> Got:
                length = int(self.headers.get("Content-Length", 0))
                body = self.rfile.read(length)
                return Got(self.command, self.path, dict(self.headers), body, time.monotonic())

            def _reply(self, reply: Reply) -> None:
                if reply.hang:
                    outer._ended.wait()
                    self.close_connection = True
                    return
                self.send_response(reply.status)
                for name, value in reply.headers.items():
                    self.send_header(name, value)
                self.send_header("Content-Length", str(len(reply.body)))
                self.end_headers()
                for start in range(0, len(reply.body), 1 if reply.drip_seconds else 65_536):
                    if outer._ended.wait(reply.drip_seconds or 0):
                        return
                    piece = reply.body[start : start + (1 if reply.drip_seconds else 65_536)]
                    self.wfile.write(piece)

            def log_message(self, *_: Any) -> None:
                pass

        class Http(ThreadingHTTPServer):
            daemon_threads = True
            block_on_close = False
            request_queue_size = 128

            def handle_error(self, *_: Any) -> None:
                pass  # callers that go away are part of what is tested

            def get_request(self) -> Any:
                client, address = self.socket.accept()
                return context.wrap_socket(
                    client, server_side=True, do_handshake_on_connect=False
                ), address

        context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
        context.load_cert_chain(files.certificate, files.key)
        self._http = Http((host, 0), Handler)
        self.port: int = self._http.server_address[1]
        self._thread = threading.Thread(target=self._http.serve_forever, args=(0.01,))
        self._thread.start()

    def url(self, host: str = "127.0.0.1", path: str = "/hook") -> str:
        """Where it is, under a host name that leads here."""
        return f"https://{host}:{self.port}{path}"

    def close(self) -> None:
        self._ended.set()
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
