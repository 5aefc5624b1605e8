"""The process that reads from sources for a worker, started as a module of its own (`reading`).

It knows no database and no key; it is told the credentials of one connection with each read. It ends
with the worker, whatever it is at: the system signals it when the worker's end of a pipe closes.
"""

import fcntl
import gc
import os
import resource
import signal
import sys
import traceback
from collections.abc import Mapping
from functools import lru_cache
from pathlib import Path
from typing import Any, BinaryIO

import msgspec
import pyarrow as pa

from headrace.connectors.contract import Access
from headrace.connectors.registry import connectors
from headrace.extracts import reader_messages as messages
from headrace.extracts.reader_messages import Asked, BadValuesSeen, Failure
from headrace.kit import clock
from headrace.kit.garbage import keep_what_is_loaded
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.kit.outcomes import OutsideError

_PLACES = 10
_MB = 1024 * 1024


def main() -> None:
    """Do the reads that are asked for, one after another, until the worker ends."""
    memory_mb, lifeline = int(sys.argv[1]), int(sys.argv[2])
    # A service manager asks all processes of a service to end; the worker decides when this one does.
    signal.signal(signal.SIGTERM, signal.SIG_IGN)
    _end_with(lifeline)
    _limit(resource.RLIMIT_CORE, 0)
    _limit(resource.RLIMIT_DATA, memory_mb * _MB)
    output = _own_output()
    connectors()  # before the first read, which then need not wait for it
    keep_what_is_loaded()  # to look through it after each read took more than a short read itself
    messages.send(output, messages.DONE)
    output.flush()
    while True:
        read = _next_read()
        if read is None:
            return
        _carry_out(read, output)


def _end_with(lifeline: int) -> None:
    """Be ended when the other end of a pipe is closed, also in the middle of a call that hangs."""
    fcntl.fcntl(lifeline, fcntl.F_SETOWN, os.getpid())
    flags = fcntl.fcntl(lifeline, fcntl.F_GETFL)
    fcntl.fcntl(lifeline, fcntl.F_SETFL, flags | os.O_ASYNC)  # SIGIO ends a process by default


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most))


def _own_output() -> BinaryIO:
    """Keep standard output for frames: what a library prints there goes with the errors."""
    output = os.fdopen(os.dup(1), "wb", buffering=64 * 1024)
    os.dup2(2, 1)
    return output


def _next_read() -> Asked | None:
    kind, content = _received()
    assert kind in (messages.ASK, b""), kind
    return msgspec.msgpack.decode(content, type=Asked) if kind else None


def _received() -> tuple[bytes, bytes]:
    head = sys.stdin.buffer.read(messages.HEAD_BYTES)
    if len(head) < messages.HEAD_BYTES:
        return b"", b""
    kind, length = messages.head_of(head)
    return kind, sys.stdin.buffer.read(length)


def _carry_out(read: Asked, output: BinaryIO) -> None:
    journal = _ToldJournal(read.bookmark, output)
    failure: Failure | None
    try:
        _read(read, journal, output)
        failure = None
    except OutsideError as error:
        failure = messages.failure_of(error)
    except (MemoryError, pa.ArrowMemoryError):
        failure = Failure(messages.OUT_OF_MEMORY, "")
    except Exception as error:  # noqa: BLE001 - whatever it is, the worker is to hear of it
        failure = Failure(messages.DEFECT, _places(error))
    gc.collect()  # what an exception kept alive may be most of the memory
    journal.tell_bad_values()
    if failure is None:
        messages.send(output, messages.DONE)
    else:
        messages.send(output, messages.FAILED, msgspec.msgpack.encode(failure))
    output.flush()


def _read(read: Asked, journal: "_ToldJournal", output: BinaryIO) -> None:
    access = Access(
        credentials=read.credentials,
        settings=read.connection_settings,
        base_url=read.base_url,
        http=_http(read.policy),
        policy=read.policy,
        file_roots=tuple(Path(root) for root in read.file_roots),
    )
    schema: pa.Schema | None = None
    request = messages.request_of(read, journal)
    for batch in connectors()[read.datasource].read(access, request):
        if schema is None:
            schema = batch.schema
            messages.send(output, messages.SCHEMA, schema.serialize())
        elif batch.schema != schema:
            raise TypeError("the batches of one read have different columns")
        journal.tell_bad_values()
        messages.send(output, messages.BATCH, batch.serialize())
        output.flush()


@lru_cache(maxsize=4)
def _http(policy: OutboundPolicy) -> OutboundHttp:
    return OutboundHttp(policy)


def _places(error: BaseException) -> str:
    """Tell where something broke: files and lines, not the message, which may hold what was read."""
    frames = traceback.extract_tb(error.__traceback__)
    lines = [f"{Path(one.filename).name}:{one.lineno} {one.name}" for one in frames]
    return " > ".join([*lines, type(error).__name__])


class _ToldJournal:
    """A `connectors.contract.Journal` whose calls the worker hears of."""

    def __init__(self, bookmark: dict[str, Any] | None, output: BinaryIO) -> None:
        self._bookmark: Mapping[str, Any] | None = bookmark
        self._output = output
        self._seen = BadValuesSeen(0, [])

    def bookmark(self) -> Mapping[str, Any] | None:
        return self._bookmark

    def save_bookmark(self, bookmark: Mapping[str, Any]) -> None:
        messages.send(self._output, messages.BOOKMARK, msgspec.msgpack.encode(dict(bookmark)))
        self._output.flush()
        kind, _ = _received()
        if kind != messages.SAVED:
            os._exit(1)  # the worker has gone
        self._bookmark = bookmark

    def count_bad_value(self, column: str, row_number: int, value: str) -> None:
        self._seen.count += 1
        if len(self._seen.places) < _PLACES:
            self._seen.places.append((column, row_number, len(value)))

    def tell_bad_values(self) -> None:
        if self._seen.count:
            messages.send(self._output, messages.BAD_VALUES, msgspec.msgpack.encode(self._seen))
            self._seen = BadValuesSeen(0, [])

    def count_retry(self, reason: str) -> None:
        messages.send(self._output, messages.RETRY, reason.encode())
        self._output.flush()

    def pause(self, seconds: float) -> None:
        # Whoever cancels the run ends the process.
        clock.sleep(seconds)


if __name__ == "__main__":
    main()
