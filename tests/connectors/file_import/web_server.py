"""A web server on loopback that answers each path as it is told to."""

from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from threading import Thread
from urllib.parse import urlsplit


@dataclass(frozen=True)
class Page:
    """An answer. With `cut_after`, the connection closes after so many bytes of the body."""

    body: bytes = b""
    status: int = 200
    headers: Mapping[str, str] = field(default_factory=dict)
    cut_after: int | None = None


class WebServer:
    """Holds the pages and remembers what was asked."""

    def __init__(self, port: int) -> None:
        self.url = f"http://127.0.0.1:{port}"
        self.asked: list[str] = []
        self.headers: list[Mapping[str, str]] = []
        self._pages: dict[str, Page] = {}

    def serve(self, path: str, page: Page) -> str:
        """Answer a path with a page; return the full address."""
        self._pages[path] = page
        return self.url + path

    def page(self, target: str, headers: Mapping[str, str]) -> Page:
        self.asked.append(target)
        self.headers.append(headers)
        return self._pages.get(urlsplit(target).path, Page(status=404))


@contextmanager
def web_server() -> Iterator[WebServer]:
    """Run a server until the block ends."""

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = served.page(self.path, dict(self.headers))
            self.send_response(page.status)
            for name, value in page.headers.items():
                self.send_header(name, value)
            self.send_header("Content-Length", str(len(page.body)))
            self.end_headers()
            self.wfile.write(page.body[: page.cut_after])
            self.close_connection = True

        def log_message(self, *args: object) -> None:
            pass

    with ThreadingHTTPServer(("127.0.0.1", 0), Handler) as server:
        served = WebServer(server.server_port)
        thread = Thread(target=server.serve_forever, kwargs={"poll_interval": 0.02}, daemon=True)
        thread.start()
        try:
            yield served
        finally:
            server.shutdown()
            thread.join()
