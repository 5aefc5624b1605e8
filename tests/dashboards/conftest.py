"""Fixtures of the tests of dashboards."""

import pytest

from fakes.ads_network import AdsNetwork
from fakes.graph_api import GraphApi
from fakes.platforms import reading_both
from headrace.settings import Settings


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork, graph: GraphApi) -> Settings:
    """Settings under which both platforms are on this machine, and faults are believed at once."""
    return reading_both(settings, network, graph).model_copy(update={"run_attempts": 1})
