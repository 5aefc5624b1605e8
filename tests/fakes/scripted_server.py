"""A web server that answers what it was told to, one answer after another, and remembers."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer

import msgspec


@dataclass
class Scripted:
    """One answer to come; None for the status cuts the connection without any."""

    status: int | None
    body: object = None
    headers: dict[str, str] = field(default_factory=dict)


@dataclass
class Asked:
    """One request that came."""

    method: str
    path: str
    headers: dict[str, str]
    body: bytes


class ScriptedServer:
    """Answers by script; what is asked beyond it gets 500."""

    def __init__(self) -> None:
        self.script: list[Scripted] = []
        self.asked: list[Asked] = []
        self.base_url = ""

    def will_answer(self, status: int | None, body: object = None, **headers: str) -> None:
        """Add an answer to the script."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self.script.append(Scripted(status, body, named))


@contextmanager
def scripted_server() -> Iterator[ScriptedServer]:
    """Run a scripted server while the block lasts."""
    told = ScriptedServer()
    handler = type("Handler", (_Handler,), {"told": told})
    server = ThreadingHTTPServer(("127.0.0.1", 0), handler)
    told.base_url = f"http://127.0.0.1:{server.server_port}"
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    try:
        yield told
    finally:
        server.shutdown()
        thread.join()
        server.server_close()


class _Handler(BaseHTTPRequestHandler):
    protocol_version = "HTTP/1.1"
    told: ScriptedServer

    def handle_one_request(self) -> None:
        self.raw_requestline = self.rfile.readline(65_537)
        if not self.raw_requestline or not self.parse_request():
            self.close_connection = True
            return
        length = int(self.headers.get("Content-Length", 0))
        headers = {name.lower(): value for name, value in self.headers.items()}
        self.told.asked.append(Asked(self.command, self.path, headers, self.rfile.read(length)))
        answer = self.told.script.pop(0) if self.told.script else Scripted(500)
        if answer.status is None:
            self.close_connection = True
            return
        body = b"" if answer.body is None else msgspec.json.encode(answer.body)
        self.send_response(answer.status)
        for name, value in answer.headers.items():
            self.send_header(name, value)
        self.send_header("Content-Length", str(len(body)))
        self.end_headers()
        self.wfile.write(body)

    def log_message(self, *_: object) -> None:
        """Say nothing: the test asks `asked`."""
