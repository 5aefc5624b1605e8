"""The dashboards' pages say what the API says, whoever looks, and nothing in a name can act."""

import re

import pytest

from dashboards.test_performance import META_ROWS, RANGE
from fakes.advertisers import Advertiser
from fakes.callers import AgencyFake
from fakes.graph_api import TOKEN, GraphApi
from fakes.visitors import Visitor, signed_in

QUERY = "?" + "&".join(f"{name}={value}" for name, value in RANGE.items())


@pytest.fixture
def viewer(agency: AgencyFake, advertiser: Advertiser) -> Visitor:
    """A viewer of the workspace, signed in."""
    member = agency.member(advertiser.workspace, "viewer")
    return signed_in(advertiser.workspace, member.username)


def shown(visitor: Visitor, path: str, status: int = 200) -> str:
    answer = visitor.get(path)
    assert answer.status_code == status, answer.text
    return answer.text


def test_performance_shows_what_the_api_answers(
    advertiser: Advertiser, graph: GraphApi, viewer: Visitor
) -> None:
    graph.add_rows("111", "campaign", META_ROWS)
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    advertiser.create(advertiser.choice("facebook", "111"))
    advertiser.workspace.run_everything()
    page = shown(viewer, f"/dashboards/performance{QUERY}")
    assert "10.17" in page, re.findall(r"<dd><strong>(.*?)<", page)
    assert page.count("<svg") == 1
