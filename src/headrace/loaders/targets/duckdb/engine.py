"""Opens the file with bounded memory and threads, and closed to everything but itself."""

import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import Any
from weakref import WeakValueDictionary

import duckdb

from headrace.kit.outcomes import TryLater
from headrace.kit.told import told
from headrace.loaders.targets.duckdb.failures import explained

MEMORY_LIMIT = "256MB"
THREADS = 2
LOCK_SECONDS = 30.0

# Every opening of a file in one process must have the same settings: DuckDB shares the instance.
_CONFIG: dict[str, Any] = {
    "memory_limit": MEMORY_LIMIT,
    "threads": THREADS,
    "enable_external_access": False,
    "autoinstall_known_extensions": False,
    "autoload_known_extensions": False,
    "allow_community_extensions": False,
    "lock_configuration": True,
}


class _Turn:
    """A lock that can be held in a weak dictionary."""

    def __init__(self) -> None:
        self.lock = threading.Lock()


_turns: WeakValueDictionary[Path, _Turn] = WeakValueDictionary()
_turns_lock = threading.Lock()


@contextmanager
def opened(file: Path) -> Iterator[duckdb.DuckDBPyConnection]:
    """Open a database file for a block, making it and its folders where they are missing."""
    with explained(told("File {name!r}", name=file.name)):
        file.parent.mkdir(parents=True, exist_ok=True)
        connection = duckdb.connect(str(file), config=_CONFIG)
    try:
        yield connection
    finally:
        connection.close()


@contextmanager
def transaction(connection: duckdb.DuckDBPyConnection, file: Path) -> Iterator[None]:
    """One transaction, while no other thread of this process has one on the file.

    Other processes are kept out by DuckDB's lock on the file.

    Raises:
        TryLater: if another thread does not finish in time.
    """
    with _turns_lock:
        turn = _turns.setdefault(file, _Turn())
    if not turn.lock.acquire(timeout=LOCK_SECONDS):
        raise TryLater(told("File {name!r}: another load is writing to it.", name=file.name))
    try:
        connection.execute("BEGIN TRANSACTION")
        try:
            yield
        except BaseException:
            _roll_back(connection)
            raise
        connection.execute("COMMIT")
    finally:
        turn.lock.release()


def _roll_back(connection: duckdb.DuckDBPyConnection) -> None:
    try:
        connection.execute("ROLLBACK")
    except duckdb.Error:
        return  # a fatal error has ended the transaction already; the first error is the one to tell


def prove_writable(file: Path) -> None:
    """Write to the file and take it back; to its folder, if the file is not there yet.

    Raises:
        Refused, TryLater: if that does not work.
    """
    if file.exists():
        with opened(file) as connection, explained(told("File {name!r}", name=file.name)):
            connection.execute("BEGIN TRANSACTION")
            connection.execute('CREATE TABLE "__headrace_check" AS SELECT 1 AS one')
            connection.execute("ROLLBACK")
        return
    with explained(told("Folder of file {name!r}", name=file.name)):
        folder = next(folder for folder in file.parents if folder.exists())
        with tempfile.TemporaryFile(dir=folder) as trial:
            trial.write(b"1")
