"""Files in the folders the operator opened for reading, and in no other place."""

import os
import stat
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from pathlib import Path, PurePosixPath
from typing import BinaryIO
from urllib.parse import unquote

from headrace.connectors.contract import Account
from headrace.connectors.sources.file_import import globbing
from headrace.kit.outcomes import Refused, TryLater
from headrace.kit.told import told

_OUTSIDE = (
    "The address is outside the folders that may be read. "
    "The operator lists them in HEADRACE_FILE_IMPORT_ROOTS."
)


class LocalFiles:
    """The files a `file:///` address names, inside one of the opened folders.

    An account is a file's path below that folder, with `/` between parts.
    """

    def __init__(self, url: str, roots: Sequence[Path]) -> None:
        path = _path_of(url)
        self._root, self._wanted = _below_root(path, roots)
        self._pattern = globbing.matcher(self._wanted)

    def check(self) -> None:
        """Prove that at least one file is there and can be opened."""
        first = next(self.accounts(), None)
        if first is None:
            raise Refused(
                told("No file matches {wanted!r} in the opened folder.", wanted=self._wanted)
            )
        with self.open(first.remote_id):
            pass

    def accounts(self) -> Iterator[Account]:
        """Yield one account for each matching regular file, sorted by path."""
        for relative in self._matches():
            size = self._inside(relative).stat().st_size
            yield Account(
                remote_id=relative,
                title=PurePosixPath(relative).name,
                item={"path": relative, "size_bytes": size},
            )

    @contextmanager
    def open(self, remote_id: str) -> Iterator[BinaryIO]:
        """Give the file itself; it must not change while it is read.

        Raises:
            Refused: if it is gone, is no plain file or does not belong to this connection.
            TryLater: if it was changed meanwhile.
        """
        if not self._belongs(remote_id):
            raise Refused(
                told(
                    "{remote_id!r} does not match the address of this connection.",
                    remote_id=remote_id,
                )
            )
        with _open_below(self._root, self._inside(remote_id)) as file:
            before = os.fstat(file.fileno())
            yield file
            after = os.fstat(file.fileno())
            if (before.st_size, before.st_mtime_ns) != (after.st_size, after.st_mtime_ns):
                raise TryLater(
                    told(
                        "{remote_id} was changed while it was read; it is read again.",
                        remote_id=remote_id,
                    )
                )

    def _belongs(self, relative: str) -> bool:
        return relative == self._wanted or self._pattern.fullmatch(relative) is not None

    def _matches(self) -> Iterator[str]:
        # A name with brackets in it is more often a name than a pattern.
        if (self._root / self._wanted).is_file():
            self._inside(self._wanted)
            yield self._wanted
            return
        if not globbing.is_pattern(self._wanted):
            return
        start = self._root / globbing.literal_prefix(self._wanted).rpartition("/")[0]
        for relative in _files_below(self._root, start):
            if self._pattern.fullmatch(relative) and self._is_readable(relative):
                yield relative

    def _is_readable(self, relative: str) -> bool:
        try:
            return self._inside(relative).is_file()
        except Refused:
            return False

    def _inside(self, relative: str) -> Path:
        """Return the real path of a file, links followed, if it is still in the opened folder."""
        try:
            real = (self._root / relative).resolve(strict=True)
        except (OSError, RuntimeError):
            raise Refused(
                told("There is no file {relative!r} in the opened folder.", relative=relative)
            ) from None
        if not real.is_relative_to(self._root):
            raise Refused(_OUTSIDE)
        return real


def _path_of(url: str) -> PurePosixPath:
    rest = url.partition("://")[2]
    if not rest.startswith("/"):
        raise Refused(
            told("A file address has three slashes and an absolute path: file:///folder/name.")
        )
    path = unquote(rest)
    if "\0" in path or ".." in PurePosixPath(path).parts:
        raise Refused(_OUTSIDE)
    return PurePosixPath(path)


def _below_root(path: PurePosixPath, roots: Sequence[Path]) -> tuple[Path, str]:
    """Find the opened folder a path lies in; return it, links followed, and the rest."""
    if not roots:
        raise Refused(
            told(
                "No folder is open for reading. The operator lists folders in "
                "HEADRACE_FILE_IMPORT_ROOTS."
            )
        )
    for root in roots:
        real = root.resolve()
        for base in (root, real):
            if path != PurePosixPath(base) and path.is_relative_to(base):
                return real, str(path.relative_to(base))
    raise Refused(_OUTSIDE)


def _files_below(root: Path, start: Path) -> Iterator[str]:
    for folder, folders, names in os.walk(start):
        folders.sort()
        for name in sorted(names):
            yield (Path(folder) / name).relative_to(root).as_posix()


@contextmanager
def _open_below(root: Path, real: Path) -> Iterator[BinaryIO]:
    """Open a resolved path one folder at a time without following links.

    Between the check and the opening somebody may put a link in place of a folder: then this fails
    instead of leaving the opened folder.
    """
    try:
        descriptor = _descend(root, real)
    except OSError as error:
        raise Refused(
            told("{name} cannot be opened: {strerror}.", name=real.name, strerror=error.strerror)
        ) from None
    with os.fdopen(descriptor, "rb") as file:
        if not stat.S_ISREG(os.fstat(descriptor).st_mode):
            raise Refused(told("{name} is not a plain file.", name=real.name))
        yield file


def _descend(root: Path, real: Path) -> int:
    descriptor = os.open(root, os.O_RDONLY | os.O_DIRECTORY)
    for part in real.relative_to(root).parts:
        try:
            # Not waiting keeps a named pipe from holding the worker for ever.
            below = os.open(part, os.O_RDONLY | os.O_NOFOLLOW | os.O_NONBLOCK, dir_fd=descriptor)
        finally:
            os.close(descriptor)
        descriptor = below
    return descriptor
