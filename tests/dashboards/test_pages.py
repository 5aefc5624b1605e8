"""The dashboards' pages say what the API says, whoever looks, and nothing in a name can act."""

import re

import pytest

from dashboards.test_performance import DAYS, META_ROWS, RANGE
from fakes.advertisers import Advertiser
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi
from fakes.visitors import Visitor, in_frame, signed_in

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


def test_each_says_what_to_do_where_there_is_nothing_yet(
    advertiser: Advertiser, viewer: Visitor, agency: AgencyFake
) -> None:
    empty = agency.new_workspace()
    member = agency.member(empty, "viewer")
    bare = signed_in(empty, member.username)
    for visitor in (bare, in_frame(empty)):
        page = shown(visitor, "/dashboards/performance")
        assert "No advertising figures yet" in page
        assert "No data tables yet" in shown(visitor, "/dashboards/freshness")
        assert "Nothing is connected yet" in shown(visitor, "/dashboards/pipeline_health")
    # Only who may connect is asked to.
    assert "Connect a platform</a>" not in shown(bare, "/dashboards/performance")
    assert "custom period needs" in shown(bare, "/dashboards/performance?period=custom", 400)
    odd = "period=nonsense&page=x&sort=none&date_from=&path=x&self=y"
    unread = shown(bare, f"/dashboards/performance?{odd}")
    assert "No advertising figures yet" in unread


def test_who_may_not_see_dashboards_does_not(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    role = {"title": "Nothing", "permissions": {"connection": ["view"]}}
    assert agency.call("POST", "/api/v3/roles/", json=role).status_code == 201
    visitor = signed_in(workspace, agency.member(workspace, "Nothing").username)
    for path in ("", "/performance", "/freshness", "/pipeline_health", "/performance/export"):
        assert visitor.get(f"/dashboards{path}").status_code == 403, path
    assert "/dashboards" not in shown(visitor, "")


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
    assert "<script>alert" not in page  # S53
    assert "&lt;script&gt;alert(1)&lt;/script&gt;" in page
    assert not re.search(r"<svg.*?(<script|style=|\son\w+=).*?</svg>", page, re.DOTALL)
    german = shown(viewer, f"/dashboards/performance{QUERY}&lang=de&metric=ctr")
    assert "Klickrate (CTR) nach Tagen" in german
    answer = viewer.get(f"/dashboards/performance/export{QUERY}&format=csv")
    assert answer.text.splitlines()[0].startswith("channel,account_id")
    health = shown(viewer, "/dashboards/pipeline_health")
    assert "Nothing: everything works." in health
    grid = shown(viewer, f"/dashboards/freshness{QUERY}")
    assert grid.count('class="day provisional" title=') == len(DAYS)
