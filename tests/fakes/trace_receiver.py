"""A receiver of OTLP over HTTP that keeps the spans it was sent."""

import gzip
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from typing import Any

from opentelemetry.proto.collector.trace.v1.trace_service_pb2 import ExportTraceServiceRequest


@dataclass(frozen=True)
class SeenSpan:
    """One span as it arrived; ids in hex, `parent` empty at the root."""

    name: str
    trace: str
    id: str
    parent: str
    process: str
    attributes: dict[str, Any]
    is_failed: bool


@dataclass
class TraceReceiver:
    """The receiver. `bodies` holds what was sent, byte for byte, unpacked."""

    url: str = ""
    spans: list[SeenSpan] = field(default_factory=list)
    bodies: list[bytes] = field(default_factory=list)

    def named(self, name: str) -> list[SeenSpan]:
        """The spans of a name that have come so far."""
        return [span for span in list(self.spans) if span.name == name]

    def path_of(self, span: SeenSpan) -> list[str]:
        """The names of the spans around a span, from the root down to itself."""
        around = {each.id: each for each in list(self.spans)}
        names = [span.name]
        while span.parent in around:
            span = around[span.parent]
            names.insert(0, span.name)
        return names

    def take(self, body: bytes) -> None:
        """Keep what one request brought."""
        self.bodies.append(body)
        for of_process in ExportTraceServiceRequest.FromString(body).resource_spans:
            process = _attributes(of_process.resource.attributes)["headrace.process"]
            for scope in of_process.scope_spans:
                self.spans += [_seen(span, process) for span in scope.spans]


def _attributes(pairs: Any) -> dict[str, Any]:
    return {
        pair.key: getattr(pair.value, pair.value.WhichOneof("value") or "string_value")
        for pair in pairs
    }


def _seen(span: Any, process: str) -> SeenSpan:
    return SeenSpan(
        name=span.name,
        trace=span.trace_id.hex(),
        id=span.span_id.hex(),
        parent=span.parent_span_id.hex(),
        process=process,
        attributes=_attributes(span.attributes),
        is_failed=span.status.code == span.status.STATUS_CODE_ERROR,
    )


@contextmanager
def receiving_traces() -> Iterator[TraceReceiver]:
    """Run a receiver on this machine."""
    receiver = TraceReceiver()

    class Handler(BaseHTTPRequestHandler):
        def do_POST(self) -> None:
            body = self.rfile.read(int(self.headers["Content-Length"]))
            if self.headers.get("Content-Encoding") == "gzip":
                body = gzip.decompress(body)
            receiver.take(body)
            self.send_response(200)
            self.send_header("Content-Length", "0")
            self.end_headers()

        def log_message(self, *_: Any) -> None:
            pass

    server = ThreadingHTTPServer(("127.0.0.1", 0), Handler)
    server.daemon_threads = True
    thread = threading.Thread(target=server.serve_forever, args=(0.01,))
    thread.start()
    receiver.url = f"http://127.0.0.1:{server.server_port}/v1/traces"
    try:
        yield receiver
    finally:
        server.shutdown()
        server.server_close()
        thread.join()
