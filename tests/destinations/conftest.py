"""A destination in memory beside the real ones."""

from collections.abc import Iterator

import pytest

from fakes.memory_loader import NAME, MemoryLoader
from headrace.destinations.presentation import destination_named
from headrace.loaders.registry import loaders


@pytest.fixture
def memory(monkeypatch: pytest.MonkeyPatch) -> Iterator[MemoryLoader]:
    """An empty destination in memory, offered like any other."""
    loader = MemoryLoader()
    monkeypatch.setitem(loaders(), NAME, loader)
    yield loader
    destination_named.cache_clear()
