"""Measures reading pages: a server that sends prepared bytes, and the connector that reads them.

    python bench/extract.py --rows 1000000 --fields 30

The server is a process of its own and does no work a page, so that what is measured is the reader.
Any other reader can be pointed at `<url>/v1/accounts/bench/report`: it answers
`{"data": [...], "next_cursor": "..."}` and takes the cursor as the parameter `cursor`.
"""

import argparse
import asyncio
import multiprocessing
import os
import resource
import time
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import date, timedelta
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs, urlsplit

from headrace.connectors.contract import Access, Account, ReadRequest
from headrace.connectors.sources.demo_ads import CONNECTOR
from headrace.extracts import reading
from headrace.extracts.reading import READERS
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.runs.watching import Patience, Watch
from headrace.sandbox.fields import FIELDS
from headrace.sandbox.network import huge_account
from headrace.sandbox.reports import ReportQuery, page

PAGE_ROWS = 500
DAY = date(2026, 6, 1)
_DIFFERENT_PAGES = 40
_START_SECONDS = 60
_READER_MB = 1024


@dataclass(frozen=True)
class Stats:
    """What reading cost the reading process; `bytes` is the size of the Arrow batches."""

    rows: int
    seconds: float
    cpu_seconds: float
    bytes: int
    peak_memory_bytes: int

    @property
    def rows_per_second(self) -> float:
        """Rows read a second of elapsed time."""
        return self.rows / self.seconds

    @property
    def cpu_us_per_row(self) -> float:
        """Microseconds of CPU, user and system, for a row."""
        return self.cpu_seconds * 1e6 / self.rows


@dataclass(frozen=True)
class PageServer:
    """A running page server."""

    url: str
    rows: int
    fields: tuple[str, ...]
    process: Any

    def stop(self) -> None:
        """End the process."""
        self.process.terminate()
        self.process.join()


def start_page_server(rows: int, fields: int = 30) -> PageServer:
    """Serve `rows` rows of so many fields in pages of 500, from a process of its own."""
    names = FIELDS["ad"][:fields]
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_serve, args=(rows, names, theirs), daemon=True)
    process.start()
    if not ours.poll(_START_SECONDS):
        process.terminate()
        raise TimeoutError("the page server did not start")
    return PageServer(f"http://127.0.0.1:{ours.recv()}", rows, names, process)


@contextmanager
def page_server(rows: int, fields: int = 30) -> Iterator[PageServer]:
    """Serve pages for the length of a block."""
    server = start_page_server(rows, fields)
    try:
        yield server
    finally:
        server.stop()


class _SilentJournal:
    """Remembers nothing: the server never fails."""

    def bookmark(self) -> Mapping[str, Any] | None:
        return None

    def save_bookmark(self, bookmark: Mapping[str, Any]) -> None:
        raise AssertionError(f"no report is ordered here: {bookmark}")

    def count_bad_value(self, column: str, row_number: int, value: str) -> None:
        raise AssertionError(f"{column} {row_number} {value}")

    def count_retry(self, reason: str) -> None:
        raise AssertionError(reason)

    def pause(self, seconds: float) -> None:
        raise AssertionError(f"{seconds} s")


def bench_access(url: str) -> Access:
    """What a connection to the page server holds."""
    policy = OutboundPolicy(frozenset({"127.0.0.1"}))
    return Access({}, {}, url, OutboundHttp(policy), policy)


def bench_request(fields: tuple[str, ...]) -> ReadRequest:
    """The read whose answer is all the pages."""
    account = Account("bench", "Bench", item={"ads": 1})
    journal = _SilentJournal()
    return ReadRequest(account, "ad_performance", fields, DayRange(DAY, DAY), journal)


def read_all(server: PageServer, *, isolated: bool = False) -> Stats:
    """Read everything through the connector of Demo Ads, as a worker does, and keep nothing.

    isolated: in a reader process, whose time counts with ours; it is started before.
    """
    access, request = bench_access(server.url), bench_request(server.fields)
    batches = _isolated(access, request) if isolated else CONNECTOR.read(access, request)
    if isolated:
        READERS.ready(_READER_MB)
    started, started_cpu = time.perf_counter(), _cpu_seconds()
    rows = size = 0
    for batch in batches:
        rows += batch.num_rows
        size += batch.nbytes
    seconds, cpu = time.perf_counter() - started, _cpu_seconds() - started_cpu
    if rows != server.rows:
        raise AssertionError(f"{rows} rows were read of {server.rows}")
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss * 1024
    return Stats(rows, seconds, cpu, size, peak)


def _isolated(access: Access, request: ReadRequest) -> Iterator[Any]:
    patience = Patience(timedelta(hours=1), timedelta(hours=1))
    return reading.batches(CONNECTOR, access, request, Watch(0, 0, patience), _READER_MB)


def _cpu_seconds() -> float:
    """CPU of this process and of the readers that it has."""
    ticks = os.sysconf("SC_CLK_TCK")
    told = time.process_time()
    for process_id in READERS.process_ids():
        fields = Path(f"/proc/{process_id}/stat").read_text().rpartition(")")[2].split()
        told += (int(fields[11]) + int(fields[12])) / ticks
    return told


def _serve(rows: int, fields: tuple[str, ...], told: Connection) -> None:
    prepared = [body.encode() for body in _page_bodies(fields)]

    async def run() -> None:
        server = await asyncio.get_running_loop().create_server(
            lambda: _PageProtocol(rows, prepared), "127.0.0.1", 0
        )
        told.send(server.sockets[0].getsockname()[1])
        await server.serve_forever()

    asyncio.run(run())


def _page_bodies(fields: tuple[str, ...]) -> Iterator[str]:
    account = huge_account(PAGE_ROWS * _DIFFERENT_PAGES)
    query = ReportQuery(account, "ad", DayRange(DAY, DAY), fields, date(2026, 11, 1))
    for number in range(_DIFFERENT_PAGES):
        yield page(query, number * PAGE_ROWS, PAGE_ROWS).rows_json


class _PageProtocol(asyncio.Protocol):
    """Just enough HTTP/1.1: keep-alive, small requests that arrive whole, a known length."""

    def __init__(self, rows: int, prepared: list[bytes]) -> None:
        self._pages = -(-rows // PAGE_ROWS)
        self._last_page_rows = rows - (self._pages - 1) * PAGE_ROWS
        self._prepared = prepared
        self._received = b""

    def connection_made(self, transport: asyncio.BaseTransport) -> None:
        assert isinstance(transport, asyncio.Transport)
        self._transport = transport

    def data_received(self, data: bytes) -> None:
        self._received += data
        head, end, body = self._received.partition(b"\r\n\r\n")
        if not end or len(body) < _content_length(head):
            return
        self._received = b""
        method, target = head.split(b" ", 2)[:2]
        parts = [b'{"access_token":"bench"}'] if method == b"POST" else self._page(target.decode())
        length = sum(map(len, parts))
        self._transport.write(
            b"HTTP/1.1 200 OK\r\nContent-Type: application/json\r\nContent-Length: %d\r\n\r\n"
            % length
        )
        self._transport.writelines(parts)

    def _page(self, target: str) -> list[bytes]:
        number = int(parse_qs(urlsplit(target).query).get("cursor", ["0"])[0])
        rows = self._prepared[number % len(self._prepared)]
        if number == self._pages - 1:
            if self._last_page_rows < PAGE_ROWS:
                rows = b"},{".join(rows.split(b"},{")[: self._last_page_rows]) + b"}"
            return [b'{"data":[', rows, b'],"next_cursor":null}']
        return [b'{"data":[', rows, b'],"next_cursor":"%d"}' % (number + 1)]


def _content_length(head: bytes) -> int:
    for line in head.lower().split(b"\r\n"):
        if line.startswith(b"content-length:"):
            return int(line.partition(b":")[2])
    return 0


def main() -> None:
    """Serve, read, and print what it cost."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--rows", type=int, default=200_000)
    parser.add_argument("--fields", type=int, default=30)
    parser.add_argument("--isolated", action="store_true", help="read in a reader process")
    asked = parser.parse_args()
    with page_server(asked.rows, asked.fields) as server:
        stats = read_all(server, isolated=asked.isolated)
    print(
        f"{stats.rows:,} rows x {asked.fields} fields in {stats.seconds:.2f} s: "
        f"{stats.rows_per_second:,.0f} rows/s, {stats.cpu_us_per_row:.2f} us CPU a row, "
        f"peak memory {stats.peak_memory_bytes / 1e6:.0f} MB"
    )


if __name__ == "__main__":
    main()
