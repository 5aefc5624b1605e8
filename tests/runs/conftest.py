"""A server of its own for tests of runs: what they commit, several workers and schedulers see."""

from collections.abc import Iterator

import pytest

from fakes.work import WorkFake
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings


@pytest.fixture
def committed(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process's resources on a database of the test's own."""
    opened = open_resources(settings, committed_database, threads=6)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def work(committed: Resources) -> Iterator[WorkFake]:
    """A kind of run whose outcome each test chooses, and workspaces to run it in."""
    fake = WorkFake(committed)
    yield fake
    fake.forget()
