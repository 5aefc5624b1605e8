"""Fixtures of the tests of OAuth: a demo network that forgets, and a person."""

import pytest

from fakes.ads_network import AdsNetwork
from fakes.persons import served_by
from headrace.settings import Settings


@pytest.fixture
def network(network: AdsNetwork) -> AdsNetwork:
    """The demo network, which forgot what earlier tests asked."""
    network.requests.clear()
    network.faults.clear()
    return network


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork) -> Settings:
    """Settings of a server whose demo network is this one."""
    return served_by(settings, network)
