"""Fixtures of the tests of dashboards."""

from collections.abc import Iterator

import pytest

from fakes.ads_network import AdsNetwork, running_network
from fakes.advertisers import Advertiser
from fakes.callers import WorkspaceFake
from fakes.graph_api import GraphApi
from headrace.settings import Settings


@pytest.fixture(scope="module")
def network() -> Iterator[AdsNetwork]:
    """The demo network over real HTTP, with the clock at 2026-11-20."""
    with running_network() as running:
        yield running


@pytest.fixture
def graph() -> Iterator[GraphApi]:
    """A Graph API with one account."""
    with GraphApi() as api:
        api.add_account("111", "Meta shop", currency="CHF")
        yield api


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork, graph: GraphApi) -> Settings:
    """Settings under which both platforms are on this machine, and faults are believed at once."""
    urls = {"demo_ads": network.base_url, "facebook": graph.base_url}
    return settings.model_copy(update={"base_urls": urls, "run_attempts": 1})


@pytest.fixture
def advertiser(workspace: WorkspaceFake) -> Advertiser:
    """A workspace that is connected to the demo network."""
    made = Advertiser(workspace)
    made.connect("demo_ads")
    return made
