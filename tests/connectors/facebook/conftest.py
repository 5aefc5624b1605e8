"""Fixtures of this connector's tests."""

from collections.abc import Iterator

import pytest

from fakes.graph_api import GraphApi


@pytest.fixture
def api() -> Iterator[GraphApi]:
    """A Graph API with one empty account."""
    with GraphApi() as graph_api:
        graph_api.add_account("111")
        yield graph_api
