"""Reading from a source in a process of its own, which can be stopped whatever it is at.

A thread cannot be ended. A connector that hangs, or takes memory without end, would keep its thread,
or take the worker and all its other runs with it. So each thread of a worker reads through a process
(`reader_process`), which is kept for later reads, has a limit on its memory, and is killed when the
run is cancelled, takes too long, or is another worker's. See docs/decisions/reader-process.md.
"""

import fcntl
import os
import signal
import subprocess
import sys
import tempfile
import threading
from collections.abc import Generator, Iterator
from contextlib import closing, contextmanager, suppress
from typing import IO, Any, Protocol
from weakref import WeakSet

import msgspec
import pyarrow as pa
import structlog

from headrace.connectors.contract import Access, Connector, Journal, ReadRequest
from headrace.extracts import reader_messages as messages
from headrace.extracts.reader_messages import BadValuesSeen, Failure
from headrace.kit.outcomes import TryLater
from headrace.kit.told import Told, as_said, told
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.runs.watching import Watch

log = structlog.get_logger(__name__)

_MODULE = "headrace.extracts.reader_process"
_READS = 200
_PIPE_BYTES = 1024 * 1024
_END_SECONDS = 10.0
_MOST_ERROR_BYTES = 4096
# What finds programs, modules, certificates and room for files; nothing of the server's own.
_ENVIRONMENT = {
    "PATH", "HOME", "LANG", "LD_LIBRARY_PATH", "PYTHONPATH", "SSL_CERT_DIR", "SSL_CERT_FILE",
    "TMPDIR", "TZ", "VIRTUAL_ENV",
}  # fmt: skip


class OutOfMemory(TryLater):
    """Reading took more memory than a reader may have; less at a time may do."""


class ConnectorBroke(Exception):
    """A connector raised what connectors do not raise; the message says where."""


class Reader:
    """One reader process; used by one thread at a time."""

    def __init__(self, memory_mb: int) -> None:
        self.memory_mb = memory_mb
        self.reads = 0
        self.is_worn = False
        self._is_ready = False
        self._errors: IO[bytes] = tempfile.TemporaryFile(buffering=0)  # noqa: SIM115 - see close
        lifeline, self._lifeline = os.pipe()
        try:
            # The arguments are ours; credentials go through the pipe.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", _MODULE, str(memory_mb), str(lifeline)],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=self._errors,
                bufsize=0,
                start_new_session=True,  # what a terminal sends the worker is not for it
                pass_fds=[lifeline],
                env=_environment(),
            )
        finally:
            os.close(lifeline)
        assert self._process.stdin is not None
        assert self._process.stdout is not None
        self._input: IO[bytes] = self._process.stdin
        self._output: IO[bytes] = self._process.stdout
        if sys.platform == "linux":
            with suppress(OSError):  # a system may allow less; it then goes slower
                fcntl.fcntl(self._output.fileno(), fcntl.F_SETPIPE_SZ, _PIPE_BYTES)

    @property
    def process_id(self) -> int:
        """The id of the process."""
        return self._process.pid

    @property
    def is_alive(self) -> bool:
        """Whether the process has not ended."""
        return self._process.poll() is None

    def wait_until_ready(self) -> None:
        """Wait until the process has begun; one that ended shows so at the next frame."""
        if not self._is_ready:
            self.receive()
            self._is_ready = True

    def kill(self) -> None:
        """End the process at once; any thread may."""
        self._process.kill()

    def close(self) -> None:
        """End the process and take its end to notice."""
        self.kill()
        self._process.wait(_END_SECONDS)
        for pipe in (self._input, self._output, self._errors):
            with suppress(OSError):
                pipe.close()
        if self._lifeline >= 0:
            os.close(self._lifeline)
            self._lifeline = -1

    def send(self, kind: bytes, content: Any = b"") -> None:
        """Send a frame; to an ended process too, whose end the next frame shows."""
        with suppress(BrokenPipeError):
            messages.send(_Whole(self._input), kind, content)

    def receive(self) -> tuple[bytes, Any]:
        """Receive a frame; one of no kind means that the process ended."""
        head = self._exactly(messages.HEAD_BYTES)
        if head is None:
            return b"", b""
        kind, length = messages.head_of(head)
        content = self._exactly(length)
        return (b"", b"") if content is None else (kind, content)

    def _exactly(self, length: int) -> Any:
        content = pa.allocate_buffer(length)
        with memoryview(content).cast("B") if length else memoryview(bytearray()) as view:
            at = 0
            while at < length:
                got = self._output.readinto(view[at:])  # type: ignore[attr-defined]  # it is raw
                if not got:
                    return None
                at += got
        return content

    def forget_errors(self) -> None:
        """Drop what libraries printed during a read that ended well."""
        self._errors.seek(0)
        self._errors.truncate()

    def end_told(self) -> Told:
        """Say how a process ended that did not say so itself; what it left is logged."""
        code = self._process.wait(_END_SECONDS)
        size = self._errors.seek(0, os.SEEK_END)
        self._errors.seek(max(0, size - _MOST_ERROR_BYTES))
        left = self._errors.read().decode(errors="replace")
        log.error("a reader process ended without a word", code=code, left=left)
        if code < 0:
            return as_said(signal.Signals(-code).name)
        return told("exit code {code}", code=code)


class Readers:
    """The reader processes of a worker that are free."""

    def __init__(self) -> None:
        self._free: list[Reader] = []
        self._all: WeakSet[Reader] = WeakSet()
        self._lock = threading.Lock()

    @contextmanager
    def one(self, memory_mb: int) -> Iterator[Reader]:
        """Have a reader for a block; it is kept for later if the block ends well."""
        reader = self._taken(memory_mb) or Reader(memory_mb)
        self._all.add(reader)
        try:
            yield reader
        except BaseException:
            reader.close()
            raise
        reader.forget_errors()
        reader.reads += 1
        if reader.is_worn or reader.reads >= _READS or not reader.is_alive:
            reader.close()
            return
        with self._lock:
            self._free.append(reader)

    def _taken(self, memory_mb: int) -> Reader | None:
        with self._lock:
            while self._free:
                reader = self._free.pop()
                if reader.is_alive and reader.memory_mb == memory_mb:
                    return reader
                reader.close()
        return None

    def ready(self, memory_mb: int) -> None:
        """Start a reader that the next read takes, and wait until it is ready."""
        with self.one(memory_mb) as reader:
            reader.wait_until_ready()

    def process_ids(self) -> list[int]:
        """Return the ids of the processes, those at work too."""
        return [reader.process_id for reader in list(self._all) if reader.is_alive]

    def close(self) -> None:
        """End those that are free."""
        with self._lock:
            while self._free:
                self._free.pop().close()


READERS = Readers()
"""Those of this process; they end with it."""


@contextmanager
def opened(
    context: RunContext,
    connector: Connector,
    access: Access,
    request: ReadRequest,
    window_id: int,
) -> Iterator[Iterator[pa.RecordBatch]]:
    """Read one window of a run for the length of a block; raises as `batches` does.

    A window that is too much for the memory there is is cut in two before the next attempt.
    """
    settings = context.resources.settings
    if not settings.isolate_reading:
        yield connector.read(access, request)
        return
    read = batches(connector, access, request, context.watch, settings.reader_memory_mb)
    try:
        with closing(read):
            yield read
    except OutOfMemory:
        with context.step() as session:
            runs.halve_window(session, window_id)
        raise


class HeardJournal(Journal, Protocol):
    """A journal that also takes what a reader process counted."""

    def count_bad_values(self, seen: BadValuesSeen) -> None:
        """Count values that became null, and log the places of the first few."""


def batches(
    connector: Connector, access: Access, request: ReadRequest, watch: Watch, memory_mb: int
) -> Generator[pa.RecordBatch, None, None]:
    """Yield what `connector.read` yields, read in a process of its own.

    request: its journal is a `HeardJournal`.

    Raises:
        OutsideError: as the connector does.
        OutOfMemory: if it takes more than `memory_mb` megabytes.
        ConnectorBroke: if it raises anything else.
        RunLost, TryLater: as `Watch.check` does; the process is killed.
    """
    read = msgspec.msgpack.encode(messages.asked(connector.spec.name, access, request))
    schema: pa.Schema | None = None
    with READERS.one(memory_mb) as reader, watch.ended_by(reader.kill):
        reader.wait_until_ready()
        reader.send(messages.ASK, read)
        while True:
            kind, content = reader.receive()
            if kind == messages.BATCH:
                yield pa.ipc.read_record_batch(content, schema)
            elif kind == messages.SCHEMA:
                schema = pa.ipc.read_schema(content)
            elif kind in (messages.DONE, messages.FAILED):
                break
            else:
                _heard(reader, request.journal, watch, kind, content)
        failure = None
        if kind == messages.FAILED:
            failure = msgspec.msgpack.decode(content, type=Failure)
            reader.is_worn = messages.outcome_of(failure) is None
    watch.check()
    if failure is not None:
        _raise(failure, memory_mb)


def _heard(reader: Reader, journal: Any, watch: Watch, kind: bytes, content: Any) -> None:
    if kind == messages.BOOKMARK:
        journal.save_bookmark(msgspec.msgpack.decode(content))
        reader.send(messages.SAVED)
    elif kind == messages.RETRY:
        journal.count_retry(bytes(content).decode())
    elif kind == messages.BAD_VALUES:
        journal.count_bad_values(msgspec.msgpack.decode(content, type=BadValuesSeen))
    else:
        watch.check()
        # Nobody else kills it but the system, for want of memory.
        raise OutOfMemory(
            told(
                "The process that reads was ended ({end}); most often that is for want of "
                "memory. It is tried again with fewer days at a time.",
                end=reader.end_told(),
            )
        )


def _raise(failure: Failure, memory_mb: int) -> None:
    if failure.kind == messages.OUT_OF_MEMORY:
        raise OutOfMemory(
            told(
                "Reading took more than {memory_mb:,} MB of memory. It is tried again with "
                "fewer days at a time.",
                memory_mb=memory_mb,
            )
        )
    outcome = messages.outcome_of(failure)
    raise outcome if outcome is not None else ConnectorBroke(failure.message)


def _environment() -> dict[str, str]:
    kept = {name: value for name, value in os.environ.items() if name in _ENVIRONMENT}
    # Arrow's own allocator reserves more than it uses, which the limit would count.
    return kept | {"ARROW_DEFAULT_MEMORY_POOL": "system"}


class _Whole:
    """Writes all of what it is given to a raw pipe, which may take a part at a time."""

    def __init__(self, pipe: IO[bytes]) -> None:
        self._pipe = pipe

    def write(self, part: Any) -> None:
        with memoryview(part).cast("B") if len(part) else memoryview(b"") as view:
            at = 0
            while at < view.nbytes:
                at += self._pipe.write(view[at:])
