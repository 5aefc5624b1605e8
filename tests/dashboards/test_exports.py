"""Figures as files, and figures that are kept: never another workspace's, never old ones."""

import csv
import io
from decimal import Decimal
from typing import Any

from dashboards.test_performance import META_ROWS, RANGE, performance
from fakes.advertisers import Advertiser
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi

FORMULA = "=HYPERLINK(1)"


def exported(workspace: WorkspaceFake, name: str, **asked: Any) -> Any:
    path = f"/api/v3/workspaces/{workspace.id}/dashboards/{name}/export"
    answer = workspace.call("GET", path, params=RANGE | asked)
    assert answer.status_code == 200, answer.text
    assert f'filename="{name}-' in answer.headers["Content-Disposition"]
    return answer


def lines(answer: Any) -> list[dict[str, str]]:
    assert answer.headers["Content-Type"] == "text/csv; charset=utf-8"
    return list(csv.DictReader(io.StringIO(answer.text)))


def shop(advertiser: Advertiser, graph: GraphApi, name: str) -> WorkspaceFake:
    """Two days of a campaign of that name, extracted."""
    rows = [row | {"campaign_name": name, "spend": "-1.5"} for row in META_ROWS]
    graph.add_rows("111", "campaign", rows)
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    advertiser.create(advertiser.choice("facebook", "111"))
    advertiser.workspace.run_everything()
    return advertiser.workspace


def test_files_hold_what_the_dashboard_shows_and_no_formula(  # S83
    advertiser: Advertiser, graph: GraphApi
) -> None:
    workspace = shop(advertiser, graph, FORMULA)
    (campaign,) = lines(exported(workspace, "performance", format="csv"))
    assert campaign["campaign_name"] == f"'{FORMULA}"
    assert campaign["spend"] == "-3"  # a number, not a formula
    assert campaign["currency"] == "CHF"
    days = lines(exported(workspace, "performance", format="csv", part="days"))
    assert sum(Decimal(one["clicks"]) for one in days) == 12
    whole = exported(workspace, "performance", format="json").json()
    assert whole["totals"] == performance(workspace)["totals"]
    moved = lines(exported(workspace, "pipeline_health", format="csv", period="last_7_days"))
    assert len(moved) == 8
    fresh = lines(exported(workspace, "freshness", format="csv"))
    assert {one["state"] for one in fresh} <= {"final", "provisional", "none"}


def test_what_is_kept_is_of_this_workspace_and_of_these_rows(  # S14
    advertiser: Advertiser, graph: GraphApi, agency: AgencyFake
) -> None:
    workspace = shop(advertiser, graph, "Winter")
    kept = workspace.client.app.state.figures_kept  # type: ignore[attr-defined]  # an ASGI app
    first = performance(workspace)
    count = len(kept)
    assert performance(workspace) == first
    assert len(kept) == count  # asked again, found
    other = agency.new_workspace()
    assert performance(other)["campaigns"] == []
    graph.add_rows("111", "campaign", [META_ROWS[0] | {"campaign_id": "7", "clicks": "100"}])
    extract = advertiser.extracts()[0]["id"]
    workspace.post(f"/api/v3/extracts/{extract}/run", {}, 200)
    workspace.run_everything()
    assert Decimal(performance(workspace)["totals"]["clicks"]) > Decimal(first["totals"]["clicks"])
