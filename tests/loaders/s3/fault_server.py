"""A server that stands in for S3 when it refuses: each request gets the next answer told."""

from collections.abc import Iterator
from contextlib import contextmanager
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread


class FaultServer:
    """Answers with what it was told, the last answer again and again; notes the requests."""

    def __init__(self, url: str) -> None:
        self.url = url
        self.requests: list[str] = []
        self._answers: list[tuple[int, dict[str, str], bytes]] = []

    def will_answer(self, status: int, body: str = "", **headers: str) -> None:
        """Queue an answer."""
        named = {name.replace("_", "-"): value for name, value in headers.items()}
        self._answers.append((status, named, body.encode()))

    def will_refuse(self, status: int, code: str) -> None:
        """Queue an error as S3 words it."""
        self.will_answer(status, f"<Error><Code>{code}</Code><Message>no</Message></Error>")

    def next_answer(self) -> tuple[int, dict[str, str], bytes]:
        """Return what the next request gets."""
        return self._answers.pop(0) if len(self._answers) > 1 else self._answers[0]


@contextmanager
def fault_server() -> Iterator[FaultServer]:
    """Run a server for the block."""

    class Handler(BaseHTTPRequestHandler):
        protocol_version = "HTTP/1.1"

        def _answer(self) -> None:
            self.rfile.read(int(self.headers.get("content-length", 0)))
            faults.requests.append(f"{self.command} {self.path}")
            status, headers, body = faults.next_answer()
            self.send_response(status)
            for name, value in {"content-length": str(len(body)), **headers}.items():
                self.send_header(name, value)
            self.end_headers()
            if self.command != "HEAD":
                self.wfile.write(body)

        do_GET = do_PUT = do_POST = do_DELETE = do_HEAD = _answer  # noqa: N815

        def log_message(self, *args: object) -> None:
            return

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    faults = FaultServer(f"http://127.0.0.1:{server.server_address[1]}")
    thread = Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield faults
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
