"""A journal that remembers what a connector told it, and never sleeps."""

from collections.abc import Callable, Mapping
from dataclasses import dataclass, field
from typing import Any


@dataclass(frozen=True)
class BadValue:
    """A value a connector replaced by null."""

    column: str
    row_number: int
    value: str


@dataclass
class RecordingJournal:
    """Keeps everything in memory; hand the same one to a second read to play a restarted worker.

    `on_pause` runs in the place of each sleep: tests let the vendor's time pass, or raise, there.
    """

    saved: Mapping[str, Any] | None = None
    bookmarks: list[Mapping[str, Any]] = field(default_factory=list)
    bad_values: list[BadValue] = field(default_factory=list)
    retries: list[str] = field(default_factory=list)
    pauses: list[float] = field(default_factory=list)
    on_pause: Callable[[float], None] = lambda seconds: None

    def bookmark(self) -> Mapping[str, Any] | None:
        return self.saved

    def save_bookmark(self, bookmark: Mapping[str, Any]) -> None:
        self.saved = dict(bookmark)
        self.bookmarks.append(dict(bookmark))

    def count_bad_value(self, column: str, row_number: int, value: str) -> None:
        self.bad_values.append(BadValue(column, row_number, value))

    def count_retry(self, reason: str) -> None:
        self.retries.append(reason)

    def pause(self, seconds: float) -> None:
        self.pauses.append(seconds)
        self.on_pause(seconds)
