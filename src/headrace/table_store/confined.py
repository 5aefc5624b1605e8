"""SQL that others wrote, run in a process of its own: what it takes is bounded, whatever it does.

DuckDB holds most of its memory to a limit, but not what a single function makes of a text, and such
a call cannot be interrupted. The process can: it has limits of its own on memory, time and disk, an
environment without our secrets, and is ended when the block that reads from it is left.
"""

import os
import subprocess
import sys
import tempfile
import threading
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from typing import IO, Any

import msgspec
import pyarrow as pa

from headrace.kit.outcomes import OutsideError, Refused, TryLater
from headrace.kit.told import told
from headrace.kit.told_json import from_json, kept
from headrace.table_store.sql import TableRows

_GRACE_SECONDS = 10.0
_MODULE = "headrace.table_store.confined_query"
_MOST_ERROR_BYTES = 64 * 1024
# Beside these, what the clients of object stores read, and what finds Python's modules.
_ENVIRONMENT = {"PATH", "HOME", "LANG", "PYTHONPATH", "VIRTUAL_ENV", "SSL_CERT_FILE"}


@dataclass(frozen=True)
class Bounds:
    """What one statement may take.

    memory_mb: of rows at work; the process as a whole may have about a gigabyte more.
    temp_mb: of files for what does not fit in memory. seconds: from start to last row read.
    rows, bytes: of the result.
    """

    memory_mb: int = 512
    temp_mb: int = 4096
    seconds: float = 900.0
    rows: int = 50_000_000
    bytes: int = 20 * 1024**3


@dataclass(frozen=True)
class Request:
    """What the process is told. lake_url: may hold credentials; so it travels by a pipe."""

    lake_url: str
    sql: str
    tables: dict[str, TableRows]
    temp_folder: str
    bounds: Bounds


@dataclass(frozen=True)
class Failure:
    """What the process says went wrong. passing: whether trying again may help.

    told: the message as JSON; None where the text is all there is.
    """

    message: str
    passing: bool
    told: dict[str, Any] | None = None


@contextmanager
def confined_query(
    lake_url: str, sql: str, tables: Mapping[str, TableRows], bounds: Bounds
) -> Iterator[Iterator[Any]]:
    """Run one SELECT over tables under the names given; gives an iterator of Arrow record batches.

    Text, numbers and moments come in the Arrow types of `kit.columns` where the statement casts
    its columns to `sql.SQL_TYPES`. The batches can be read once, inside the block.

    Raises:
        Refused: if the statement fails, or takes more than its bounds.
        TryLater: if the lake cannot be read now, or the process was killed.
    """
    with tempfile.TemporaryDirectory(prefix="headrace-sql-") as folder:
        request = Request(lake_url, sql, dict(tables), folder, bounds)
        # The arguments are ours; what others wrote goes through the pipe.
        process = subprocess.Popen(  # noqa: S603
            [sys.executable, "-m", _MODULE],
            stdin=subprocess.PIPE,
            stdout=subprocess.PIPE,
            stderr=subprocess.PIPE,
            env=_environment(),
        )
        assert process.stdin is not None
        assert process.stdout is not None
        assert process.stderr is not None
        overdue = threading.Timer(bounds.seconds + _GRACE_SECONDS, process.kill)
        errors = _Collected(process.stderr)
        try:
            overdue.start()
            _send(process.stdin, request)
            yield _batches(process, errors)
        finally:
            overdue.cancel()
            process.kill()
            process.wait()
            errors.finish()
            for pipe in (process.stdin, process.stdout, process.stderr):
                _close(pipe)


def _environment() -> dict[str, str]:
    kept = {
        name: value
        for name, value in os.environ.items()
        if name in _ENVIRONMENT or name.startswith("AWS_")
    }
    # Arrow's own allocator reserves more than it uses, which the limit would count.
    return kept | {"ARROW_DEFAULT_MEMORY_POOL": "system"}


def _send(pipe: IO[bytes], request: Request) -> None:
    """Write the request as a line; the pipe stays open, for its end tells that we died."""
    try:
        pipe.write(msgspec.json.encode(request) + b"\n")
        pipe.flush()
    except BrokenPipeError:
        return  # the process ended at once; reading from it tells why


def _batches(process: "subprocess.Popen[bytes]", errors: "_Collected") -> Iterator[Any]:
    try:
        with pa.ipc.open_stream(process.stdout) as reader:
            yield from reader
    except (pa.ArrowInvalid, OSError) as fault:
        raise _failure(process, errors) from fault
    if process.wait(_GRACE_SECONDS) != 0:
        raise _failure(process, errors)


def _failure(process: "subprocess.Popen[bytes]", errors: "_Collected") -> OutsideError:
    process.wait(_GRACE_SECONDS)
    text = errors.finish()
    try:
        said = msgspec.json.decode(text.strip().rsplit(b"\n", 1)[-1], type=Failure)
    except msgspec.DecodeError:
        return TryLater(
            told(
                "The process that calculates ended without a word ({returncode}); most often "
                "that is for want of memory or time.",
                returncode=process.returncode,
            )
        )
    message = kept(said.message, from_json(said.told)) or said.message
    return TryLater(message) if said.passing else Refused(message)


class _Collected:
    """The end of what a process writes to a pipe, read so that it never waits for us."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe
        self._text = b""
        self._thread = threading.Thread(target=self._read, daemon=True)
        self._thread.start()

    def _read(self) -> None:
        while chunk := self._pipe.read1(4096):  # type: ignore[attr-defined]  # pipes are buffered
            self._text = (self._text + chunk)[-_MOST_ERROR_BYTES:]

    def finish(self) -> bytes:
        """Return the end of what was written, once the process is gone."""
        self._thread.join(_GRACE_SECONDS)
        return self._text


def _close(pipe: IO[bytes]) -> None:
    try:
        pipe.close()
    except BrokenPipeError:
        return  # what was still to be sent is of no use any more
