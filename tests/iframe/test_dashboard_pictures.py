"""Links to pictures of charts, made on a page: by whom, of what, and until when."""

import re
from datetime import timedelta
from html import unescape

import pytest

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake
from fakes.visitors import Visitor, in_frame, signed_in
from headrace.kit import clock

PNG = b"\x89PNG\r\n\x1a\n"
SENT = {"title": "", "form": "png", "theme": "light", "lifetime_days": "30"}
DAYS = "?period=custom&date_from=2026-01-01&date_to=2026-01-31"


@pytest.fixture
def analyst(agency: AgencyFake, pipeline: PipelineFake) -> Visitor:
    """Somebody who may make links, signed in."""
    workspace = pipeline.workspace
    return signed_in(workspace, agency.member(workspace, "data_analyst").username)


def link_in(page: str) -> str:
    """The address that a page shows in its read-only field."""
    found = re.search(r'id="picture-link" value="([^"]+)" readonly', page)
    assert found is not None, page
    return unescape(found[1])


def test_a_link_shows_what_the_dashboard_did(
    analyst: Visitor, pipeline: PipelineFake, agency: AgencyFake
) -> None:
    client = pipeline.workspace.client
    for name in ("performance", "freshness", "pipeline_health"):
        path = f"/dashboards/{name}/picture{DAYS}"
        form = analyst.get(path)
        assert form.status_code == 200
        assert 'id="picture-link"' not in form.text
        back = re.search(rf'href="{analyst.base}(/dashboards/{name}\?[^"]*)"', form.text)
        assert back is not None, name
        assert "date_from=2026-01-01" in back[1]
        made = analyst.post(path, SENT | {"form": "svg", "title": f"Mine <{name}>"})
        assert made.status_code == 200
        url = link_in(made.text)
        picture = client.get(url.removeprefix("http://testserver"))
        assert picture.headers["Content-Type"].startswith("image/svg+xml")
        assert f"Mine &lt;{name}&gt;" in picture.text  # S53
        assert "2026-01-01" in picture.text
        assert url.endswith(".svg")
    trail = agency.call("GET", "/api/v3/audit-log").text
    assert "create_dashboard_image_link" in trail  # S100


def test_a_chart_that_is_not_there_has_no_page(analyst: Visitor) -> None:
    for path in ("performance/picture?chart=pie", "freshness/picture?chart=by_channel"):
        assert analyst.get(f"/dashboards/{path}").status_code == 404
        refused = analyst.post(f"/dashboards/{path}", SENT)
        assert refused.status_code == 404
        assert "/charts/" not in refused.text
    page = analyst.get("/dashboards/performance/picture?chart=by_channel&metric=clicks&lang=de")
    assert "<strong>Klicks nach Kanälen</strong>" in page.text
    back = re.search(rf'href="({analyst.base}/dashboards/performance\?[^"]*)"', page.text)
    assert back is not None
    assert "metric=clicks" in back[1]
    assert "chart=" not in back[1]


def test_the_page_says_when_a_link_ends(analyst: Visitor, pipeline: PipelineFake) -> None:
    made = analyst.post("/dashboards/freshness/picture", SENT)
    ends = clock.now() + timedelta(days=30)
    assert f"Good until {ends:%b} {ends.day}, {ends.year}" in made.text
    assert "in 1 month" in made.text or "in 4 weeks" in made.text
    path = link_in(made.text).removeprefix("http://testserver")
    assert pipeline.workspace.client.get(path).content.startswith(PNG)
    with clock.shifted(timedelta(days=30, seconds=1)):
        assert pipeline.workspace.client.get(path).status_code == 404  # S14


def test_what_is_refused_stands_in_the_form(analyst: Visitor) -> None:
    days = analyst.post("/dashboards/performance/picture?period=custom", SENT)
    assert days.status_code == 400
    assert "custom period needs" in days.text
    sent = SENT | {"title": "x" * 201, "lifetime_days": "9999"}
    long = analyst.post("/dashboards/performance/picture", sent)
    assert long.status_code == 400
    assert 'id="f-title-wrong"' in long.text
    assert 'id="f-lifetime_days-wrong"' in long.text
    many = "&".join(f"account={number}" for number in range(101))
    refused = analyst.post(f"/dashboards/performance/picture?{many}", SENT)
    assert refused.status_code == 400
    assert "at most 100 accounts" in refused.text


def test_who_may_only_look_hands_nothing_on(  # S18
    agency: AgencyFake, pipeline: PipelineFake
) -> None:
    workspace = pipeline.workspace
    viewer = signed_in(workspace, agency.member(workspace, "viewer").username)
    page = viewer.get("/dashboards/freshness")
    assert page.status_code == 200
    assert "/export" in page.text
    assert "/picture" not in page.text
    assert viewer.get("/dashboards/freshness/picture").status_code == 403
    refused = viewer.post("/dashboards/freshness/picture", SENT)
    assert refused.status_code == 403
    assert "/charts/" not in refused.text


def test_it_is_there_in_a_frame_and_in_german(workspace: WorkspaceFake) -> None:
    visitor = in_frame(workspace)
    form = visitor.get("/dashboards/freshness/picture?lang=de")
    assert "Link zum Bild" in form.text
    made = visitor.post("/dashboards/freshness/picture?lang=de", SENT)
    assert "/charts/" in link_in(made.text)
    assert visitor.get("/dashboards/nonsense/picture").status_code == 404
