"""Temporary files: bounded copies that vanish with the process, whatever ends it."""

import errno
import gzip
import io
import os
import tempfile
import zlib
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import Any, BinaryIO

from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told

MAX_FILE_BYTES = 10 * 1000**3
CHUNK_BYTES = 1 << 20
GZIP_MAGIC = b"\x1f\x8b"
_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}


@contextmanager
def temporary_file() -> Iterator[BinaryIO]:
    """Give an empty file that has no name: nothing is left of it even after a kill -9.

    Raises:
        TryLater: if the temporary folder cannot take a file.
    """
    try:
        file = tempfile.TemporaryFile()  # noqa: SIM115 (closed below; opening has its own error)
    except OSError as error:
        raise _disk_trouble(error) from error
    with file:
        yield file


def fill(target: BinaryIO, chunks: Iterable[bytes], limit: int = MAX_FILE_BYTES) -> int:
    """Write chunks into a temporary file, go back to its start and return the bytes written.

    Raises:
        Refused: if there are more than `limit` bytes.
        TryLater: if the disk is full.
    """
    written = 0
    for chunk in chunks:
        written += len(chunk)
        if written > limit:
            raise Refused(
                told("The file is larger than {limit:,} bytes, the most that is read.", limit=limit)
            )
        _write(target, chunk)
    _rewind(target)
    return written


class _Bytes(io.RawIOBase):
    """The bytes of a file from an offset on, with a position of its own."""

    def __init__(self, descriptor: int, offset: int) -> None:
        # A duplicate, so that a reader ahead in a thread outlives the closing of the file.
        self._descriptor = os.dup(descriptor)
        self._offset = offset

    def readable(self) -> bool:
        return True

    def readinto(self, buffer: Any) -> int:
        chunk = os.pread(self._descriptor, len(buffer), self._offset)
        buffer[: len(chunk)] = chunk
        self._offset += len(chunk)
        return len(chunk)

    def close(self) -> None:
        if not self.closed:
            os.close(self._descriptor)
        super().close()


def view(file: BinaryIO, offset: int = 0) -> io.BufferedReader:
    """Return a reader of a local file that shares no position with any other.

    Arrow reads ahead in a thread of its own; so whoever reads a file again takes a new view.
    """
    return io.BufferedReader(_Bytes(file.fileno(), offset), CHUNK_BYTES)


def read_chunks(file: BinaryIO) -> Iterator[bytes]:
    """Yield a file's bytes from where it stands, a megabyte at a time."""
    while chunk := file.read(CHUNK_BYTES):
        yield chunk


def gunzipped_chunks(file: BinaryIO, name: str) -> Iterator[bytes]:
    """Yield what a gzip file holds.

    Raises:
        Refused: if it is cut off or damaged.
    """
    try:
        with gzip.GzipFile(fileobj=file, mode="rb") as opened:
            while chunk := opened.read(CHUNK_BYTES):
                yield chunk
    except EOFError:
        raise Refused(
            told(
                "{name} is cut off: its gzip data ends too early. Write the file again, whole.",
                name=name,
            )
        ) from None
    except (gzip.BadGzipFile, zlib.error):
        raise Refused(
            told("{name} is damaged: its gzip data cannot be unpacked.", name=name)
        ) from None


def _write(target: BinaryIO, chunk: bytes) -> None:
    try:
        target.write(chunk)
    except OSError as error:
        raise _disk_trouble(error) from error


def _rewind(target: BinaryIO) -> None:
    try:
        target.seek(0)  # flushes, which can meet a full disk too
    except OSError as error:
        raise _disk_trouble(error) from error


def _disk_trouble(error: OSError) -> TryLater:
    if error.errno in _FULL:
        return TryLater(
            told(
                "The server's temporary folder is full, so the file could not be fetched. The "
                "operator frees space there or points TMPDIR at a larger disk."
            )
        )
    return TryLater(
        told(
            "The server's temporary folder cannot be written ({strerror}).", strerror=error.strerror
        )
    )
