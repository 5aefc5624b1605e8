"""Fixtures of advertising platforms on this machine, for the tests of all that reads from them."""

from collections.abc import Iterator

import pytest
from fastapi.testclient import TestClient

from fakes.ads_network import AdsNetwork, running_network
from fakes.advertisers import Advertiser
from fakes.callers import WorkspaceFake
from fakes.graph_api import GraphApi
from fakes.persons import PersonFake
from headrace.settings import Settings


@pytest.fixture(scope="module")
def network() -> Iterator[AdsNetwork]:
    """The demo network over real HTTP, with the clock at `fakes.ads_network.NOW`."""
    with running_network() as running:
        yield running


@pytest.fixture
def graph() -> Iterator[GraphApi]:
    """Meta's API over real HTTP, with one account."""
    with GraphApi() as api:
        api.add_account("111", "Meta shop", currency="CHF")
        yield api


@pytest.fixture
def person(client: TestClient, network: AdsNetwork) -> PersonFake:
    """Somebody with a browser, whom the server sends to the demo network."""
    return PersonFake(client, network)


@pytest.fixture
def advertiser(workspace: WorkspaceFake) -> Advertiser:
    """A workspace that is connected to the demo network."""
    made = Advertiser(workspace)
    made.connect("demo_ads")
    return made


def reading_both(settings: Settings, network: AdsNetwork, graph: GraphApi) -> Settings:
    """Settings under which both platforms are these."""
    urls = {"demo_ads": network.base_url, "facebook": graph.base_url}
    return settings.model_copy(update={"base_urls": urls})
