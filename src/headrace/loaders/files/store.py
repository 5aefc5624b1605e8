"""What the shared part of file destinations asks of a place that keeps files."""

from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any


class Upload(ABC):
    """A file being written: nobody sees anything of it until it is published, whole."""

    @abstractmethod
    def write(self, content: bytes) -> int:
        """Add bytes and return how many.

        After `discard` they go nowhere: writers that are let go still write their ends.
        """

    @abstractmethod
    def publish(self) -> None:
        """Show the file under its key at one stroke, in place of what was there."""

    @abstractmethod
    def discard(self) -> None:
        """Leave no trace of the upload; after `publish` this does nothing."""

    # What Arrow asks of a file object it writes to.
    closed = False

    def flush(self) -> None:  # noqa: B027 (to do nothing is right for every upload)
        """Do nothing: what is written counts once it is published."""


class Store(ABC):
    """A place of files addressed by keys (`folder/name`).

    Methods raise the outcomes of `headrace.kit.outcomes`, with what to do about them.
    """

    @abstractmethod
    def keys(self, prefix: str) -> Iterator[str]:
        """Yield the keys of published files that begin with a prefix."""

    @abstractmethod
    def create(self, key: str) -> Upload:
        """Begin a file."""

    @abstractmethod
    def open(self, key: str) -> Any:
        """Open a published file as a seekable binary stream."""

    @abstractmethod
    def version(self, key: str) -> str | None:
        """Return a text that changes whenever the file does, or None if there is no file."""

    @abstractmethod
    def remove(self, key: str) -> None:
        """Remove a file; that there is none is fine."""

    @abstractmethod
    def sweep(self, prefix: str, owns: Callable[[str], bool]) -> None:
        """Remove what killed uploads of the owned keys left behind."""


@contextmanager
def uploading(store: Store, key: str) -> Iterator[Upload]:
    """Open an upload that is discarded unless the block publishes it."""
    upload = store.create(key)
    try:
        yield upload
    finally:
        upload.discard()
