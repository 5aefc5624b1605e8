"""The one place that asks what time it is, so that tests can move it."""

import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime, timedelta
from zoneinfo import ZoneInfo


def _system_now() -> datetime:
    return datetime.now(UTC)


_read: Callable[[], datetime] = _system_now


def now() -> datetime:
    """Return the current moment, aware and in UTC."""
    return _read()


def today(timezone: str) -> date:
    """Return the current calendar day in an IANA time zone."""
    return now().astimezone(ZoneInfo(timezone)).date()


def moved_by() -> timedelta:
    """Return how far this clock is from the machine's: nothing, but in tests that move it.

    What goes by the database's clock, whatever the machine's says, adds this to it.
    """
    return timedelta(0) if _read is _system_now else _read() - _system_now()


@contextmanager
def shifted(by: timedelta) -> Iterator[None]:
    """Run a block with the clock moved by a duration; for tests of expiry and schedules."""
    global _read
    before = _read
    _read = lambda: before() + by  # noqa: E731
    try:
        yield
    finally:
        _read = before


def sleep(seconds: float) -> None:
    """Wait; the moved clock of a test does not shorten it."""
    time.sleep(seconds)
