"""A server in this process on a database of its own, and what it reaches."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fakes.certificates import Authority
from fakes.memory_loader import NAME, MemoryLoader
from fakes.plain_network import plain_network
from fakes.receiver import receiving
from headrace.app import create_app
from headrace.destinations.presentation import destination_named
from headrace.loaders.registry import loaders
from headrace.rest.resources import open_resources
from headrace.settings import Settings
from headrace.webhooks import service as webhooks
from model.world import Stage


@pytest.fixture
def stage(
    settings: Settings,
    committed_database: str,
    tmp_path_factory: pytest.TempPathFactory,
    monkeypatch: pytest.MonkeyPatch,
) -> Iterator[Stage]:
    """A server in this process on a database of its own, and what it reaches."""
    authority, memory = Authority(tmp_path_factory.mktemp("authority")), MemoryLoader()
    monkeypatch.setitem(loaders(), NAME, memory)
    monkeypatch.setattr(webhooks, "_CHECKS", type(webhooks._CHECKS)(per_minute=9999, burst=9999))
    with plain_network() as network, receiving(authority.server("127.0.0.1")) as receiver:
        settings = settings.model_copy(
            update={"base_urls": {"demo_ads": network.base_url}, "ca_bundle": authority.bundle}
        )
        resources = open_resources(settings, committed_database, threads=4)
        with TestClient(create_app(settings, resources), raise_server_exceptions=False) as client:
            yield Stage(resources, client, network, memory, receiver)
        resources.engine.dispose()
    destination_named.cache_clear()
