"""What a read tells its run: bookmarks kept at once, counts kept with the window."""

from collections.abc import Mapping
from typing import Any

import structlog

from headrace.extracts.reader_messages import BadValuesSeen
from headrace.kit import clock
from headrace.runs.context import RunContext
from headrace.runs.models import RunWindow

log = structlog.get_logger(__name__)

_BAD_VALUES_LOGGED = 10
_LOOK_SECONDS = 0.5


class RunJournal:
    """The `connectors.contract.Journal` of one window of a run."""

    def __init__(
        self, context: RunContext, window_id: int, bookmark: Mapping[str, Any] | None
    ) -> None:
        self._context = context
        self._window_id = window_id
        self._bookmark = bookmark
        self.rows_read = 0
        self.bad_values = 0
        self.retries = 0
        self.seconds_reading = 0.0

    def bookmark(self) -> Mapping[str, Any] | None:
        """Return what an earlier attempt at this window saved."""
        return self._bookmark

    def batch_read(self, rows: int) -> None:
        """Count a batch; raises as `Watch.check` does, where the run is to stop."""
        self.rows_read += rows
        self._context.watch.progressed(rows)

    def save_bookmark(self, bookmark: Mapping[str, Any]) -> None:
        """Store what a later attempt needs; durable when this returns, and only while we hold it."""
        self._context.watch.progressed()
        with self._context.step() as session:
            session.get_one(RunWindow, self._window_id).bookmark = dict(bookmark)
        self._bookmark = bookmark

    def count_bad_value(self, column: str, row_number: int, value: str) -> None:
        """Count a value that became null; the first few are logged by place, without the value."""
        self.bad_values += 1
        if self.bad_values <= _BAD_VALUES_LOGGED:
            log.info("value nulled", column=column, row_number=row_number, length=len(value))

    def count_bad_values(self, seen: BadValuesSeen) -> None:
        """Count values that a reader process replaced by null."""
        room = max(0, _BAD_VALUES_LOGGED - self.bad_values)
        for column, row_number, length in seen.places[:room]:
            log.info("value nulled", column=column, row_number=row_number, length=length)
        self.bad_values += seen.count

    def count_retry(self, reason: str) -> None:
        """Count a request that was sent again."""
        self.retries += 1
        log.info("request sent again", reason=reason)

    def pause(self, seconds: float) -> None:
        """Sleep, unless the run is to stop; raises as `Watch.check` does."""
        left = seconds
        while left > 0:
            self._context.watch.check()
            clock.sleep(min(left, _LOOK_SECONDS))
            left -= _LOOK_SECONDS
        self._context.watch.check()
