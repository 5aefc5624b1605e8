"""Where the bytes of a new file go: nothing shows under its path before it is whole."""

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
    """Writes beside the final path, renames, then syncs file and folder."""

    def __init__(self, root: Path, path: str) -> None:
        self._final = root / path
        self._partial = self._final.with_name(self._final.name + ".partial")
        _make_folder(self._final.parent)
        self.stream = pa.OSFile(str(self._partial), "wb")

    def commit(self) -> int:
        """Make the file durable under its path and return its size in bytes."""
        self.stream.close()
        # Renamed before it is synced: then one commit of the file system's journal holds both. A
        # crash in between leaves an orphan, for no segment names the file yet.
        self._partial.rename(self._final)
        size = _sync(self._final)
        _sync(self._final.parent)
        return size

    def abort(self) -> None:
        """Remove what was written."""
        with suppress(OSError):
            self.stream.close()
        self._partial.unlink(missing_ok=True)
        self._final.unlink(missing_ok=True)


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
