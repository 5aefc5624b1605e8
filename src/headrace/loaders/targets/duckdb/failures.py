"""Tells what should happen next from what DuckDB or the file system said."""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

import duckdb

from headrace.kit.outcomes import OutsideError, Refused, TryLater
from headrace.kit.told import Told, told

_SIGNS: tuple[tuple[tuple[str, ...], type[Refused] | type[TryLater], Told], ...] = (
    (
        ("could not set lock", "conflicting lock"),
        TryLater,
        told("another program has the file open for writing; close it there"),
    ),
    (
        ("not a valid duckdb", "version number", "is a directory", "encrypted"),
        Refused,
        told("it is not a file this DuckDB can open; name another file"),
    ),
    (
        ("permission denied", "read-only", "operation not permitted"),
        Refused,
        told("it may not be written to; change its rights, or name another file"),
    ),
    (
        ("no space left", "file too large", "quota exceeded", "could not write"),
        TryLater,
        told("the disk is full; make room"),
    ),
)
_LATER = (
    duckdb.IOException,
    duckdb.TransactionException,
    duckdb.OutOfMemoryException,
    duckdb.FatalException,
    duckdb.InterruptException,
    duckdb.InternalException,
)


@contextmanager
def explained(what: Told) -> Iterator[None]:
    """Turn errors of DuckDB and the file system in a block into outcomes; `what` begins them."""
    try:
        yield
    except duckdb.Error as error:
        raise _outcome(what, str(error), isinstance(error, _LATER)) from error
    except OSError as error:
        passing = error.errno in {errno.ENOSPC, errno.EDQUOT, errno.EIO, errno.EMFILE}
        raise _outcome(what, error.strerror or str(error), passing) from error


def _outcome(what: Told, said: str, passing: bool) -> OutsideError:
    said = " ".join(said.split())[:300].rstrip(".") + "."
    for signs, outcome, meaning in _SIGNS:
        if any(sign in said.lower() for sign in signs):
            return outcome(
                told(
                    "{what}: {meaning}. DuckDB said: {said}", what=what, meaning=meaning, said=said
                )
            )
    if passing:
        return TryLater(told("{what}: DuckDB failed. It said: {said}", what=what, said=said))
    return Refused(
        told("{what}: DuckDB does not accept this. It said: {said}", what=what, said=said)
    )
