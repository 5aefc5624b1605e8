"""Files below one root folder, each shown whole by a rename."""

import errno
import os
import re
import secrets
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from pathlib import Path
from typing import BinaryIO

from headrace.kit.outcomes import OutsideError, Refused, TryLater
from headrace.kit.told import told
from headrace.loaders.files.store import Store, Upload

# A name no published file has (patterns refuse leading dots), and most readers skip.
_LEFTOVER = re.compile(r"\.(?P<name>.+)\.[0-9a-f]{16}\.part")

_FULL = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG}
_FORBIDDEN = {errno.EACCES, errno.EPERM, errno.EROFS}


def explain(error: OSError, path: Path) -> OutsideError:
    """Return the outcome that an error of the file system stands for."""
    reason = os.strerror(error.errno) if error.errno else "input or output failed"
    if error.errno in _FULL:
        return TryLater(
            told(
                "There is no room for {name}: {reason}. Free space and run again.",
                name=path.name,
                reason=reason,
            )
        )
    if error.errno in _FORBIDDEN:
        return Refused(
            told(
                "{path} cannot be written: {reason}. Let the server's user write there.",
                path=path,
                reason=reason,
            )
        )
    if error.errno in {errno.ENOTDIR, errno.EISDIR, errno.EEXIST, errno.ENAMETOOLONG, errno.ELOOP}:
        return Refused(
            told(
                "{path} cannot be used: {reason}. Choose another folder or file name.",
                path=path,
                reason=reason,
            )
        )
    return TryLater(
        told("{path} could not be read or written: {reason}.", path=path, reason=reason)
    )


@contextmanager
def _explained(path: Path) -> Iterator[None]:
    try:
        yield
    except OSError as error:
        raise explain(error, path) from error


class _LocalUpload(Upload):
    def __init__(self, path: Path) -> None:
        self._path = path
        self._draft = path.with_name(f".{path.name}.{secrets.token_hex(8)}.part")
        self._file: BinaryIO | None = None
        with _explained(path):
            path.parent.mkdir(parents=True, exist_ok=True)
            flags = os.O_WRONLY | os.O_CREAT | os.O_EXCL | getattr(os, "O_NOFOLLOW", 0)
            self._file = os.fdopen(os.open(self._draft, flags, 0o644), "wb", buffering=0)

    def write(self, content: bytes) -> int:
        if self._file is None:
            return len(content)
        view = memoryview(content)
        with _explained(self._path):
            while view:  # an unbuffered write may take only a part
                view = view[self._file.write(view) :]
        return len(content)

    def publish(self) -> None:
        assert self._file is not None
        with _explained(self._path):
            os.fsync(self._file.fileno())
            self._file.close()
            self._draft.replace(self._path)
            self._file = None
            _sync_folder(self._path.parent)

    def discard(self) -> None:
        if self._file is not None:
            self._file.close()
            self._draft.unlink(missing_ok=True)
            self._file = None


class Folder(Store):
    """Files below a root; no key leads out of it, not even through a link."""

    def __init__(self, root: Path) -> None:
        self._root = root.resolve()

    def keys(self, prefix: str) -> Iterator[str]:
        """Yield published files; hidden ones and links are passed over."""
        yield from (key for key in self._walk(prefix) if not _is_hidden(key))

    def create(self, key: str) -> Upload:
        """Begin a file, making its folder."""
        return _LocalUpload(self._path(key))

    def open(self, key: str) -> BinaryIO:
        """Open a file for reading."""
        path = self._path(key)
        with _explained(path):
            return path.open("rb")

    def version(self, key: str) -> str | None:
        """Tell versions apart by the file's identity, size and time."""
        path = self._path(key)
        with _explained(path):
            try:
                state = path.stat()
            except FileNotFoundError:
                return None
        return f"{state.st_ino}-{state.st_size}-{state.st_mtime_ns}"

    def remove(self, key: str) -> None:
        """Remove a file."""
        path = self._path(key)
        with _explained(path):
            path.unlink(missing_ok=True)

    def sweep(self, prefix: str, owns: Callable[[str], bool]) -> None:
        """Remove drafts that killed writers left."""
        for key in list(self._walk(prefix)):
            folder, _, name = key.rpartition("/")
            draft = _LEFTOVER.fullmatch(name)
            if draft and owns(f"{folder}/{draft['name']}" if folder else draft["name"]):
                self.remove(key)

    def probe(self, folder: str) -> None:
        """Write and remove a tiny file in a folder, or in the nearest one above that exists.

        Raises:
            Refused, TryLater: if that fails.
        """
        path = self._path(f"{folder}/probe" if folder else "probe").parent
        while not path.exists() and path != self._root:
            path = path.parent
        if not self._root.is_dir():
            raise Refused(
                told(
                    "{root} is not a folder: the operator creates it, or sets "
                    "HEADRACE_LOCAL_FILES_ROOT to one that is there.",
                    root=self._root,
                )
            )
        upload = _LocalUpload(path / "headrace-check")
        try:
            upload.write(b"headrace")
        finally:
            upload.discard()

    def _walk(self, prefix: str) -> Iterator[str]:
        start = self._path(f"{prefix}x").parent
        with _explained(start):
            for folder, _, names in os.walk(start, onerror=_raise_unless_missing):
                for name in names:
                    path = Path(folder, name)
                    key = path.relative_to(self._root).as_posix()
                    if not path.is_symlink() and (key.startswith(prefix) or _is_hidden(key)):
                        yield key

    def _path(self, key: str) -> Path:
        path = self._root / key
        # Links inside the root may lead anywhere: what counts is where the folder really is.
        if ".." in path.parts or not path.parent.resolve().is_relative_to(self._root):  # S85
            raise Refused(told("{key!r} leads out of the folder that is open for files.", key=key))
        return path


def _is_hidden(key: str) -> bool:
    return key.rpartition("/")[2].startswith(".")


def _raise_unless_missing(error: OSError) -> None:
    if not isinstance(error, FileNotFoundError):
        raise error


def _sync_folder(folder: Path) -> None:
    """Make the rename itself last through a power cut."""
    descriptor = os.open(folder, os.O_RDONLY)
    try:
        os.fsync(descriptor)
    finally:
        os.close(descriptor)
