"""Links to pictures: what they show is locked in them, and they end when they should."""

from datetime import timedelta
from typing import Any

import pytest

from dashboards.test_performance import META_ROWS, RANGE
from fakes.advertisers import Advertiser
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi
from headrace.kit import clock

SCRIPT = "</text><script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n"


@pytest.fixture
def shop(advertiser: Advertiser, graph: GraphApi) -> WorkspaceFake:
    """A workspace with two days of figures."""
    graph.add_rows("111", "campaign", META_ROWS)
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    advertiser.create(advertiser.choice("facebook", "111"))
    advertiser.workspace.run_everything()
    return advertiser.workspace


def link(
    workspace: WorkspaceFake, name: str = "performance", status: int = 201, **body: Any
) -> Any:
    path = f"/api/v3/workspaces/{workspace.id}/dashboards/{name}/image-links"
    return workspace.post(path, RANGE | body, status)


def looked_at(workspace: WorkspaceFake, url: str) -> Any:
    """Ask for a picture without any credentials."""
    return workspace.client.get(url.removeprefix("http://testserver"))


def test_whoever_has_the_link_sees_the_picture(shop: WorkspaceFake) -> None:
    for name in ("performance", "freshness", "pipeline_health"):
        made = link(shop, name, form="svg", title=SCRIPT)
        answer = looked_at(shop, made["url"])
        assert answer.status_code == 200, answer.text
        assert answer.headers["Content-Type"].startswith("image/svg+xml")
        assert "sandbox" in answer.headers["Content-Security-Policy"]
        assert "<script" not in answer.text  # S53
        assert "&lt;script&gt;" in answer.text
    dark = looked_at(shop, link(shop, theme="dark")["url"])
    light = looked_at(shop, link(shop)["url"])
    assert dark.content.startswith(PNG)
    assert light.content.startswith(PNG)
    assert dark.content != light.content


def test_nothing_in_a_link_can_be_changed(shop: WorkspaceFake, agency: AgencyFake) -> None:  # S42
    url = link(shop)["url"]
    head, _, form = url.rpartition(".")
    changed = head[:-3] + ("AAA" if head[-3:] != "AAA" else "BBB")
    for bad in (
        f"{changed}.{form}",
        f"{head}.svg",
        f"{head}.gif",
        "http://testserver/charts/x.png",
    ):
        assert looked_at(shop, bad).status_code == 404, bad
    # Of another workspace's links, none is meant by this one's.
    other = agency.new_workspace()
    assert link(other)["url"] != url
    path = f"/api/v3/workspaces/{shop.id}/dashboards/performance/image-links"
    assert other.call("POST", path, json={}).status_code == 404


def test_links_end_by_time_and_by_hand(shop: WorkspaceFake, agency: AgencyFake) -> None:  # S14
    other = agency.new_workspace()
    url, kept = link(shop, lifetime_days=2)["url"], link(other)["url"]
    assert looked_at(shop, url).status_code == 200
    with clock.shifted(timedelta(days=2, seconds=1)):
        assert looked_at(shop, url).status_code == 404
    ending = f"/api/v3/workspaces/{shop.id}/dashboards/image-links"
    assert shop.call("DELETE", ending).status_code == 204
    assert looked_at(shop, url).status_code == 404
    assert looked_at(shop, link(shop)["url"]).status_code == 200
    assert looked_at(shop, kept).status_code == 200


def test_a_link_dies_with_its_makers_rights(shop: WorkspaceFake, agency: AgencyFake) -> None:
    analyst = agency.member(shop, "data_analyst")
    url = link(analyst)["url"]
    assert looked_at(shop, url).status_code == 200
    viewer = agency.member(shop, "viewer")
    path = f"/api/v3/workspaces/{shop.id}/dashboards/performance/image-links"
    assert viewer.call("POST", path, json={}).status_code == 403  # to see is not to hand on
    role = {"title": "Nothing", "permissions": {}}
    assert agency.call("POST", "/api/v3/roles/", json=role).status_code == 201
    agency.grant(analyst, shop, "Nothing")
    assert looked_at(shop, url).status_code == 404
