"""Links to pictures: what they show is locked in them, and they end when they should."""

import re
import struct
from datetime import timedelta
from html import unescape
from typing import Any

import pytest

from dashboards.test_performance import META_ROWS, RANGE
from fakes.advertisers import Advertiser
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi
from fakes.visitors import Visitor, signed_in
from headrace.kit import clock

SCRIPT = "</text><script>alert(1)</script>"
PNG = b"\x89PNG\r\n\x1a\n"
CHARTS = {
    ("performance", "by_day"): "Clicks by day, EUR",
    ("performance", "by_channel"): "Clicks by channel, EUR",
    ("freshness", "days"): "Freshness of data tables",
    ("pipeline_health", "moved"): "Rows extracted (filled) and delivered (hatched)",
}
"""The charts of the dashboards, and what stands above their pictures."""


@pytest.fixture
def shop(advertiser: Advertiser, graph: GraphApi) -> WorkspaceFake:
    """A workspace with two days of figures."""
    graph.add_rows("111", "campaign", META_ROWS)
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    advertiser.create(advertiser.choice("facebook", "111"))
    advertiser.workspace.run_everything()
    return advertiser.workspace


@pytest.fixture
def two_channels(advertiser: Advertiser, graph: GraphApi) -> WorkspaceFake:
    """A workspace with figures of two platforms in one currency."""
    graph.add_rows("111", "campaign", [row | {"account_currency": "EUR"} for row in META_ROWS])
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    advertiser.create(
        advertiser.choice("demo_ads", "demo-1001"), advertiser.choice("facebook", "111")
    )
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


def drawn(workspace: WorkspaceFake, name: str, form: str, **body: Any) -> bytes:
    """The picture of a new link, which is what it says it is."""
    answer = looked_at(workspace, link(workspace, name, form=form, **body)["url"])
    assert answer.status_code == 200, answer.text
    content: bytes = answer.content
    if form == "png":
        assert content.startswith(PNG)
        width, height = struct.unpack(">II", content[16:24])
        assert min(width, height) > 100
    else:
        assert content.startswith(b"<svg ")
    return content


def test_each_chart_has_a_picture_of_its_own(two_channels: WorkspaceFake) -> None:
    asked = {"metric": "clicks", "currency": "EUR"}
    pictures = set()
    for (name, chart), title in CHARTS.items():
        svg = drawn(two_channels, name, "svg", chart=chart, **asked)
        assert f">{title}<" in svg.decode(), chart
        channels = [one for one in ("Demo Ads", "Meta Ads") if f">{one}<" in svg.decode()]
        assert len(channels) == (2 if chart == "by_channel" else 0), chart
        pictures |= {svg, drawn(two_channels, name, "png", chart=chart, **asked)}
    assert len(pictures) == 2 * len(CHARTS)
    for name in ("performance", "freshness", "pipeline_health"):
        first = next(chart for dashboard, chart in CHARTS if dashboard == name)
        of_first = drawn(two_channels, name, "svg", chart=first, **asked)
        assert drawn(two_channels, name, "svg", **asked) == of_first
        assert drawn(two_channels, name, "svg", chart=None, **asked) == of_first


def test_bars_of_no_figures_are_a_picture_too(workspace: WorkspaceFake) -> None:
    for form in ("png", "svg"):
        assert drawn(workspace, "performance", form, chart="by_channel")


def test_a_chart_that_a_dashboard_has_not_is_refused(workspace: WorkspaceFake) -> None:
    charts = {chart for _, chart in CHARTS}
    for name in ("performance", "freshness", "pipeline_health"):
        for chart in charts - {chart for dashboard, chart in CHARTS if dashboard == name}:
            errors = link(workspace, name, 400, chart=chart)["errors"]
            (said,) = errors["chart"]
            assert f"{name} has no chart {chart}; choose among: " in said
    assert "by_day" in str(link(workspace, status=400, chart="pie")["errors"]["chart"])


def test_a_link_to_one_chart_is_none_to_another(two_channels: WorkspaceFake) -> None:  # S42
    trend, bars = (link(two_channels, chart=one)["url"] for one in ("by_day", "by_channel"))
    shown = looked_at(two_channels, trend).content
    assert shown != looked_at(two_channels, bars).content
    for asked in ("chart=by_channel", "chart=pie", "data_name=freshness"):
        assert looked_at(two_channels, f"{trend}?{asked}").content == shown, asked
    half = len(trend) // 2
    for mixed in (trend[:half] + bars[half:], bars[:half] + trend[half:]):
        assert looked_at(two_channels, mixed).status_code == 404


def test_a_link_of_before_there_was_a_choice_goes_on(two_channels: WorkspaceFake) -> None:
    vault, place = two_channels.resources.vault, "signed link"
    url = link(two_channels, chart="by_channel", form="svg")["url"]
    locked = vault.open_object(url.removesuffix(".svg").rpartition("/charts/")[2], place)
    del locked["content"]["chart"]
    older = looked_at(
        two_channels, f"http://testserver/charts/{vault.seal_object(locked, place)}.svg"
    )
    assert older.content == drawn(two_channels, "performance", "svg", chart="by_day")


def ways(visitor: Visitor, path: str) -> dict[str, str]:
    """Where a page's charts have links to their pictures made, by what the charts are called."""
    page = visitor.get(path)
    assert page.status_code == 200, page.text
    headings = re.findall(
        r'<div class="chart-heading">\s*<h2[^>]*>([^<]+)</h2>(.*?)</div>', page.text, re.DOTALL
    )
    links = {title: re.search(r'href="([^"]+)"', rest) for title, rest in headings}
    assert page.text.count("/picture") == len([one for one in links.values() if one])
    return {
        title: unescape(found[1]).removeprefix(visitor.base) if found else ""
        for title, found in links.items()
    }


def test_each_chart_of_a_page_has_its_link(two_channels: WorkspaceFake, agency: AgencyFake) -> None:
    analyst = signed_in(two_channels, agency.member(two_channels, "data_analyst").username)
    viewer = signed_in(two_channels, agency.member(two_channels, "viewer").username)
    days = "&".join(f"{name}={value}" for name, value in RANGE.items())
    of_pages = {
        f"/dashboards/performance?{days}&metric=clicks&currency=EUR": {
            "Clicks by day": CHARTS["performance", "by_day"],
            "Clicks by channel": CHARTS["performance", "by_channel"],
        },
        f"/dashboards/freshness?{days}": {"Days": CHARTS["freshness", "days"]},
        "/dashboards/pipeline_health": {"Rows moved by day": CHARTS["pipeline_health", "moved"]},
    }
    sent = {"title": "", "form": "svg", "theme": "light", "lifetime_days": "30"}
    for path, charts in of_pages.items():
        found = ways(analyst, path)
        assert found.keys() == charts.keys()
        for title, above in charts.items():
            assert f"<strong>{title}</strong>" in analyst.get(found[title]).text
            made = re.search(r'value="([^"]+\.svg)"', analyst.post(found[title], sent).text)
            assert made is not None
            assert f">{above}<" in looked_at(two_channels, made[1]).text
        # To see is not to hand on.
        assert set(ways(viewer, path).values()) == {""}
