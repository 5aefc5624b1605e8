"""Freshness and pipeline health say what the ledger and the runs say."""

from typing import Any

from sqlalchemy import text

from dashboards.test_performance import RANGE
from fakes.advertisers import Advertiser
from fakes.callers import WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi
from headrace.db.engine import transaction


def asked(workspace: WorkspaceFake, name: str, **filters: Any) -> Any:
    return workspace.get(f"/api/v3/workspaces/{workspace.id}/dashboards/{name}", **filters)


def test_freshness_is_what_the_ledger_knows(advertiser: Advertiser) -> None:
    advertiser.create(advertiser.choice("demo_ads", "demo-1001", "demo-1002"))
    workspace = advertiser.workspace
    before = asked(workspace, "freshness", **RANGE)
    (table,) = before["data_tables"]
    assert {one["state"] for one in table["days"]} == {"missing"}
    assert {one["accounts"] for one in table["days"]} == {2}
    assert table["oldest_unsynced_day"] == RANGE["date_from"]
    assert table["newest_day"] is None
    workspace.run_everything()
    after = asked(workspace, "freshness", **RANGE)
    table = next(one for one in after["data_tables"] if one["channel"] == "demo_ads")
    states = [one["state"] for one in table["days"]]
    assert states == ["final"] * states.count("final") + ["provisional"] * states.count(
        "provisional"
    )
    assert states.count("provisional") > 0
    assert states.count("final") > 0
    assert (table["accounts"], table["age_days"], table["oldest_unsynced_day"]) == (2, 0, None)
    covered = workspace.get(f"/api/v3/data-tables/{table['data_table_id']}/coverage")
    final = {
        part["date_to"] for one in covered for part in one["ranges"] if part["state"] == "final"
    }
    assert max(final) == [one["date"] for one in table["days"] if one["state"] == "final"][-1]


def test_health_tells_what_broke_and_what_to_do(advertiser: Advertiser, graph: GraphApi) -> None:
    workspace = advertiser.workspace
    graph.add_rows("111", "campaign", [])
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    advertiser.create(
        advertiser.choice("demo_ads", "demo-1001"), advertiser.choice("facebook", "111")
    )
    found = asked(workspace, "pipeline_health")
    assert (found["connections"], found["extracts"]) == ({"active": 2}, {"syncing": 2})
    assert found["waiting"] == 2
    with transaction(workspace.resources.sessions) as session:
        session.execute(text("UPDATE run SET due_at = due_at - interval '90 s'"))
    assert asked(workspace, "pipeline_health")["waiting_seconds"] >= 90
    graph.revoke()
    workspace.run_everything()
    found = asked(workspace, "pipeline_health", period="last_7_days")
    assert found["connections"] == {"active": 1, "error": 1}
    broken = [(one["kind"], one["next_step"]) for one in found["failures"]]
    assert broken == [("connection", "reconnect"), ("extract", "reconnect")]
    connection = advertiser.connections["facebook"]
    assert {one["connection_id"] for one in found["failures"]} == {connection}
    assert all(one["error_text"] for one in found["failures"])
    assert (found["running"], found["waiting"]) == (0, 0)
    runs = workspace.get("/api/v3/runs")["results"]
    assert sum(one["failed_runs"] for one in found["moved"]) == sum(
        run["status"] == "failed" for run in runs if run["kind"] in {"extract", "load"}
    )
