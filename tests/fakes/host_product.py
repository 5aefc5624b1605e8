"""A vendor's product in a browser: pages of its own, on an origin of its own, that embed ours."""

import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer


@dataclass
class HostProduct:
    """Serves pages that tests put there, under several names of this machine: several origins."""

    port: int = 0
    pages: dict[str, str] = field(default_factory=dict)

    @property
    def origin(self) -> str:
        """The product's own; for browsers another site than a server at 127.0.0.1."""
        return f"http://localhost:{self.port}"

    @property
    def other_origin(self) -> str:
        """The same pages as those of somebody else."""
        return f"http://127.0.0.1:{self.port}"

    @property
    def lookalike_origin(self) -> str:
        """One whose name starts as the product's does; every name under localhost is this machine."""
        return f"http://localhost.evil.localhost:{self.port}"

    def put(self, path: str, html: str) -> str:
        """Serve a page; return its address on the product's own origin."""
        self.pages[path] = html
        return self.origin + path

    def frame(self, url: str, script: str = "", attributes: str = "") -> str:
        """Serve a page that shows an address in an iframe and keeps the messages it gets."""
        return self.put(
            "/product",
            f"""<!doctype html><meta charset="utf-8"><title>Product</title><h1>Product</h1>
            <script>
              window.messages = [];
              addEventListener("message", ({{ data, origin }}) => messages.push({{ data, origin }}));
              {script}
            </script>
            <iframe id="frame" title="Connect" width="800" height="900" {attributes}
              src="{url}"></iframe>""",
        )


@contextmanager
def host_product() -> Iterator[HostProduct]:
    """Serve a product's pages for a block."""
    product = HostProduct()

    class Handler(BaseHTTPRequestHandler):
        def do_GET(self) -> None:
            page = product.pages.get(self.path.partition("?")[0])
            body = (page or "").encode()
            self.send_response(200 if page is not None else 404)
            self.send_header("Content-Type", "text/html; charset=utf-8")
            self.send_header("Content-Length", str(len(body)))
            self.end_headers()
            self.wfile.write(body)

        do_POST = do_GET  # noqa: N815 - its name there

        def log_message(self, format: str, *args: object) -> None:  # noqa: A002 - its name there
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    product.port = server.server_address[1]
    thread = threading.Thread(target=server.serve_forever, daemon=True)
    thread.start()
    try:
        yield product
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
