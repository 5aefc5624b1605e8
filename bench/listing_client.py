"""The load of `bench.listing`: a few clients on kept connections, each asking again at once.

    python bench/listing_client.py HOST PORT PATH TOKEN CLIENTS SECONDS

A process of its own that does next to nothing an answer. Prints one JSON line: answers, seconds, the
latencies' median and 99th percentile in milliseconds, bytes of an answer, and other statuses than 200.
"""

import asyncio
import json
import sys
import time

_LENGTH = b"content-length: "


class Client(asyncio.Protocol):
    """One connection: sends the request, counts the answer, sends it again until time is up."""

    def __init__(self, request: bytes, ends_at: float, latencies: list[float]) -> None:
        self.request, self.ends_at, self.latencies = request, ends_at, latencies
        self.done: asyncio.Future[None] = asyncio.get_running_loop().create_future()
        self.buffer = bytearray()
        self.awaited = 0
        self.refused = 0
        self.size = 0

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Ask for the first time."""
        self.transport = transport
        self._ask()

    def connection_lost(self, exc: Exception | None) -> None:
        """Stop; an answer that never came is not counted."""
        del exc
        if not self.done.done():
            self.done.set_result(None)

    def _ask(self) -> None:
        self.asked_at = time.perf_counter()
        self.transport.write(self.request)  # type: ignore[attr-defined]  # a TCP transport writes

    def data_received(self, data: bytes) -> None:
        """Take what came; when the answer is whole, ask again."""
        self.buffer += data
        if not self.awaited:
            head = self.buffer.find(b"\r\n\r\n")
            if head < 0:
                return
            self.refused += not self.buffer.startswith(b"HTTP/1.1 200")
            found = bytes(self.buffer[:head]).lower()
            start = found.index(_LENGTH) + len(_LENGTH)
            self.size = int(found[start:].split(b"\r\n", 1)[0])
            self.awaited = head + 4 + self.size
        if len(self.buffer) < self.awaited:
            return
        now = time.perf_counter()
        self.latencies.append(now - self.asked_at)
        self.buffer.clear()
        self.awaited = 0
        if now < self.ends_at:
            self._ask()
        else:
            self.transport.close()


async def ask(
    host: str, port: int, path: str, token: str, clients: int, seconds: float
) -> dict[str, float]:
    """Ask for some seconds and return what was seen."""
    request = (
        f"GET {path} HTTP/1.1\r\nHost: {host}:{port}\r\nAuthorization: Bearer {token}\r\n"
        "Accept: application/json\r\n\r\n"
    ).encode()
    latencies: list[float] = []
    began = time.perf_counter()
    loop = asyncio.get_running_loop()
    made = [
        await loop.create_connection(
            lambda: Client(request, began + seconds, latencies), host, port
        )
        for _ in range(clients)
    ]
    for _, client in made:
        await client.done
    took = time.perf_counter() - began
    latencies.sort()
    return {
        "answers": len(latencies),
        "seconds": took,
        "median_ms": latencies[len(latencies) // 2] * 1000,
        "p99_ms": latencies[int(len(latencies) * 0.99)] * 1000,
        "bytes": made[0][1].size,
        "refused": sum(client.refused for _, client in made),
    }


if __name__ == "__main__":
    host, port, path, token, clients, seconds = sys.argv[1:]
    seen = ask(host, int(port), path, token, int(clients), float(seconds))
    print(json.dumps(asyncio.run(seen)))
