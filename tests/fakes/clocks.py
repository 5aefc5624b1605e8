"""A clock that stands still, for what happens at an exact moment on however slow a machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime, timedelta

from headrace.kit import clock


@contextmanager
def held(moment: datetime) -> Iterator[None]:
    """Run a block in which it is one moment all the time."""
    before = clock._read
    clock._read = lambda: moment
    try:
        yield
    finally:
        clock._read = before


@contextmanager
def skewed(by: timedelta) -> Iterator[None]:
    """Run a block on a machine whose own clock is wrong by a duration."""
    right = clock._system_now

    def wrong() -> datetime:
        return right() + by

    clock._system_now = clock._read = wrong
    try:
        yield
    finally:
        clock._system_now = clock._read = right
