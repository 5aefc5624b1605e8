"""Where the bytes of a new file go; nobody reads a file before a segment names it."""

import os
from contextlib import suppress
from pathlib import Path
from typing import Any, Protocol

import pyarrow as pa


class Sink(Protocol):
    """A file being written."""

    stream: Any
    """The Arrow output stream to write to."""

    def commit(self) -> int:
        """Make the file durable under its path and return its size in bytes."""

    def abort(self) -> None:
        """Leave nothing behind, as far as the store allows; the sweep finds the rest."""


class LocalSink:
    """Writes under the final path, for only a segment makes a file count; then syncs the disk."""

    def __init__(self, root: Path, path: str) -> None:
        self._path = root / path
        _make_folder(self._path.parent)
        self.stream = pa.OSFile(str(self._path), "wb")

    def commit(self) -> int:
        """Make the file durable under its path and return its size in bytes."""
        self.stream.close()
        size = _sync(self._path)
        _sync(self._path.parent)
        return size

    def abort(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            self.stream.close()
        self._path.unlink(missing_ok=True)


class ObjectSink:
    """Uploads in parts; the object appears when the last part is confirmed."""

    def __init__(self, filesystem: Any, path: str) -> None:
        self._filesystem = filesystem
        self._path = path
        self.stream = filesystem.open_output_stream(path)

    def commit(self) -> int:
        """Finish the upload and return the object's size in bytes."""
        size: int = self.stream.tell()
        self.stream.close()
        return size

    def abort(self) -> None:
        """Finish the upload, for Arrow cannot give one up, and delete the object."""
        with suppress(OSError):
            self.stream.close()
        with suppress(OSError):
            self._filesystem.delete_file(self._path)


def _make_folder(folder: Path) -> None:
    missing = []
    while not folder.exists():
        missing.append(folder)
        folder = folder.parent
    for each in reversed(missing):
        each.mkdir(exist_ok=True)
        _sync(each.parent)


def _sync(path: Path) -> int:
    """Force a file or folder to the disk and return its size."""
    descriptor = os.open(path, os.O_RDONLY)
    try:
        os.fsync(descriptor)
        return os.fstat(descriptor).st_size
    finally:
        os.close(descriptor)
