"""Figures that were added up lately, kept in this process for whoever asks the same again soon."""

import hashlib
from collections import OrderedDict
from collections.abc import Callable, Hashable
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from typing import Any

from headrace.kit import clock

_LIFETIME = timedelta(minutes=5)
_MOST_BYTES = 64 * 1024 * 1024
_MOST_ENTRIES = 256
_ENTRY_BYTES = 16 * 1024


@dataclass(frozen=True)
class _Kept:
    value: Any
    size: int
    until: datetime


class FiguresKept:
    """What was added up, by workspace and by all that it depends on.

    A key holds the version of the rows, so that nothing old is ever shown; time only bounds memory.
    """

    def __init__(self) -> None:
        self._entries: OrderedDict[Hashable, _Kept] = OrderedDict()
        self._bytes = 0
        self._lock = Lock()

    def __len__(self) -> int:
        return len(self._entries)

    def found(
        self, workspace_id: int, key: Hashable, make: Callable[[], Any], size: Callable[[Any], int]
    ) -> Any:
        """Return what is kept for a workspace's question, or make and keep it.

        size: bytes that a value takes, about.
        """
        full_key = (workspace_id, key)
        with self._lock:
            kept = self._entries.get(full_key)
            if kept is not None and clock.now() < kept.until:
                self._entries.move_to_end(full_key)
                return kept.value
        value = make()
        self._keep(full_key, value, size(value) + _ENTRY_BYTES)
        return value

    def _keep(self, key: Hashable, value: Any, size: int) -> None:
        if size > _MOST_BYTES // 2:
            return
        with self._lock:
            self._drop(key)
            self._entries[key] = _Kept(value, size, clock.now() + _LIFETIME)
            self._bytes += size
            while self._bytes > _MOST_BYTES or len(self._entries) > _MOST_ENTRIES:
                self._drop(next(iter(self._entries)))

    def _drop(self, key: Hashable) -> None:
        gone = self._entries.pop(key, None)
        if gone is not None:
            self._bytes -= gone.size


def version_of(*parts: object) -> str:
    """Return a short name of values that are told apart by how they print."""
    return hashlib.blake2b(repr(parts).encode(), digest_size=16).hexdigest()
