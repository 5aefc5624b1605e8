"""A clock that stands still, for what happens at an exact moment on however slow a machine."""

from collections.abc import Iterator
from contextlib import contextmanager
from datetime import datetime

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
