"""A receiver for the benchmark of webhooks: answers at once, or never, and notes when what came.

python -m bench.webhooks_receiver CERTIFICATE KEY; prints its port. A line `report` on its input
makes it print, as JSON, the moments of all that it has received since the last report; a line
`answer` makes paths that hang answer from then on, a line `hang` makes them hang.
"""

import asyncio
import json
import re
import ssl
import sys
import time

_LENGTH = re.compile(rb"content-length: (\d+)", re.IGNORECASE)
_MOMENT = re.compile(rb'"timestamp":"(\d{4})-(\d\d)-(\d\d) (\d\d):(\d\d):(\d\d\.\d+)"')
_ANSWER = b"HTTP/1.1 200 OK\r\nContent-Length: 2\r\n\r\nok"

received: list[tuple[bytes, float, bytes]] = []
is_hanging = True


class Connection(asyncio.Protocol):
    """One connection, kept open for many requests."""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        """Begin."""
        self._transport = transport
        self._pending = b""

    def data_received(self, more: bytes) -> None:
        """Answer every request that is whole."""
        self._pending += more
        while True:
            head, gap, rest = self._pending.partition(b"\r\n\r\n")
            length = _LENGTH.search(head)
            size = int(length[1]) if length else 0
            if not gap or len(rest) < size:
                return
            self._pending = rest[size:]
            path = head.split(b" ", 2)[1]
            received.append((path, time.time(), rest[:size]))
            if not (is_hanging and path.startswith(b"/hang")):
                self._transport.write(_ANSWER)


def _happened(body: bytes) -> float:
    """The moment that an event's body names, in seconds since 1970."""
    from datetime import UTC, datetime

    text = json.loads(body)["timestamp"]
    return datetime.fromisoformat(text).replace(tzinfo=UTC).timestamp()


def _report() -> None:
    rows = [
        (path.decode(), at, _happened(body) if _MOMENT.search(body) else at)
        for path, at, body in received
    ]
    received.clear()
    print(json.dumps(rows), flush=True)


async def main() -> None:
    """Receive until the input ends."""
    global is_hanging
    context = ssl.SSLContext(ssl.PROTOCOL_TLS_SERVER)
    context.load_cert_chain(sys.argv[1], sys.argv[2])
    loop = asyncio.get_running_loop()
    server = await loop.create_server(Connection, "0.0.0.0", 0, ssl=context, backlog=2048)
    print(server.sockets[0].getsockname()[1], flush=True)
    while line := await loop.run_in_executor(None, sys.stdin.readline):
        if line.strip() == "report":
            _report()
        elif line.strip() == "count":
            print(len(received), flush=True)
        else:
            is_hanging = line.strip() == "hang"


if __name__ == "__main__":
    asyncio.run(main())
