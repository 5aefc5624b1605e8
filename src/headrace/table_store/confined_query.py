"""The process that runs one statement for `confined`, started as a module of its own."""

import os
import resource
import sys
import threading
from typing import Any, BinaryIO

import duckdb
import msgspec
import pyarrow as pa

from headrace.kit.closed_sql import closed_connection
from headrace.kit.outcomes import OutsideError, TryLater
from headrace.kit.told import Told, as_said, told, told_by
from headrace.kit.told_json import to_json
from headrace.table_store.confined import Bounds, Failure, Request
from headrace.table_store.errors import FileLost
from headrace.table_store.lake import Lake
from headrace.table_store.sql import LiveRows

_THREADS = 2
_BATCH_ROWS = 8192
_MOST_BATCH_BYTES = 64 * 1024 * 1024
# Python, Arrow, DuckDB and the rows read ahead, beside what a statement may take.
_OWN_MEMORY_MB = 1024
_MB = 1024 * 1024
_WIDE = f"A row of the result is wider than {_MOST_BATCH_BYTES // _MB // 8} MB; take fewer columns."


class _TooMuch(Exception):
    """The result is more than the bounds allow; the message says how."""


def main() -> None:
    """Read the request, run the statement, write its rows to standard output."""
    _limit(resource.RLIMIT_CORE, 0)
    output = _own_output()
    line = sys.stdin.buffer.readline()
    request = msgspec.json.decode(line, type=Request)
    bounds = request.bounds
    _limit(resource.RLIMIT_DATA, (bounds.memory_mb + _OWN_MEMORY_MB) * _MB)
    _limit(resource.RLIMIT_FSIZE, bounds.temp_mb * _MB)
    threading.Thread(target=_follow_parent, daemon=True).start()
    try:
        _run(request, output)
    except BrokenPipeError:
        _leave(1)
    except Exception as fault:  # noqa: BLE001 - whatever it is, the parent is to hear of it
        failure = _told(fault, bounds)
        sys.stderr.buffer.write(msgspec.json.encode(failure) + b"\n")
        sys.stderr.flush()
        _leave(1)
    _leave(0)


def _own_output() -> BinaryIO:
    """Keep standard output for rows: what a library prints there goes with the errors."""
    output = os.fdopen(os.dup(1), "wb")
    os.dup2(2, 1)
    return output


def _leave(code: int) -> None:
    # Threads of DuckDB may still be at it; nothing here outlives the process anyway.
    os._exit(code)


def _limit(kind: int, most: int) -> None:
    _, hard = resource.getrlimit(kind)
    if hard != resource.RLIM_INFINITY:
        most = min(most, hard)
    resource.setrlimit(kind, (most, most))


def _follow_parent() -> None:
    """End with the process that started us: its end of the pipe closes."""
    sys.stdin.buffer.read()
    os._exit(1)


def _run(request: Request, output: BinaryIO) -> None:
    bounds = request.bounds
    lake = Lake.open(request.lake_url)
    connection = closed_connection(
        f"{bounds.memory_mb}MB", _THREADS, temp_folder=request.temp_folder, temp_mb=bounds.temp_mb
    )
    sources = {name: LiveRows(lake, rows) for name, rows in request.tables.items()}
    for name, rows in sources.items():
        connection.register(name, rows)
    overdue = threading.Timer(bounds.seconds, connection.interrupt)
    overdue.daemon = True
    overdue.start()
    try:
        _write(connection.sql(request.sql).to_arrow_reader(_BATCH_ROWS), bounds, output)
    except duckdb.Error:
        for rows in sources.values():
            if rows.fault is not None:
                raise rows.fault from None
        raise


def _write(reader: Any, bounds: Bounds, output: BinaryIO) -> None:
    count = size = 0
    with pa.ipc.new_stream(output, reader.schema) as stream:
        for batch in reader:
            count += batch.num_rows
            size += batch.nbytes
            if batch.nbytes > _MOST_BATCH_BYTES:
                raise _TooMuch(_WIDE)
            if count > bounds.rows:
                raise _TooMuch(f"The result has more than {bounds.rows:,} rows.")
            if size > bounds.bytes:
                raise _TooMuch(f"The result is larger than {bounds.bytes // _MB:,} MB.")
            stream.write_batch(batch)
    output.flush()


def _told(fault: Exception, bounds: Bounds) -> Failure:
    """Tell a fault in words; the statement's own faults do not pass."""
    if isinstance(fault, duckdb.InterruptException):
        return _failure(
            told("It took longer than {seconds} seconds.", seconds=f"{bounds.seconds:,.0f}")
        )
    if isinstance(fault, duckdb.OutOfMemoryException | MemoryError | pa.ArrowMemoryError):
        return _failure(
            told(
                "It needs more than {memory_mb:,} MB of memory and {temp_mb:,} MB of disk; work on "
                "fewer rows.",
                memory_mb=bounds.memory_mb,
                temp_mb=bounds.temp_mb,
            )
        )
    if isinstance(fault, duckdb.IOException) and "File too large" in str(fault):
        return _failure(told("It needs more than {temp_mb:,} MB of disk.", temp_mb=bounds.temp_mb))
    if isinstance(fault, FileLost):
        # It was replaced and swept since the query was planned, unless the lake lost it.
        return _failure(told_by(fault), passing=True)
    if isinstance(fault, OutsideError):
        return _failure(told_by(fault), passing=isinstance(fault, TryLater))
    if isinstance(fault, duckdb.Error | _TooMuch):
        return _failure(as_said(str(fault).split("\n\n")[0]))
    broke = told("The calculation broke ({kind}).", kind=type(fault).__name__)
    return _failure(broke, passing=True)


def _failure(message: Told, *, passing: bool = False) -> Failure:
    return Failure(str(message), passing, to_json(message))


if __name__ == "__main__":
    main()
