"""Fixtures of the tests of OAuth: a demo network over HTTP, and a person."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fakes.ads_network import AdsNetwork, running_network
from fakes.persons import PersonFake, served_by
from headrace.settings import Settings


@pytest.fixture(scope="module")
def running() -> Iterator[AdsNetwork]:
    with running_network() as network:
        yield network


@pytest.fixture
def network(running: AdsNetwork) -> AdsNetwork:
    """The demo network, which forgot what earlier tests asked."""
    running.requests.clear()
    running.faults.clear()
    return running


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork) -> Settings:
    """Settings of a server whose demo network is this one."""
    return served_by(settings, network)


@pytest.fixture
def person(client: TestClient, network: AdsNetwork) -> PersonFake:
    """Somebody with a browser."""
    return PersonFake(client, network)
