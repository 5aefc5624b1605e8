"""An automated recipe from its creation to its end: states, triggers, builds, extracts."""

from typing import Any

import pytest
from sqlalchemy import text

from fakes.ads_network import AdsNetwork
from fakes.advertisers import FIGURES, FIRST_DAY, RECIPES, Advertiser
from headrace.db.engine import transaction


def listed(advertiser: Advertiser, **query: Any) -> list[tuple[str, str]]:
    found = advertiser.workspace.get(RECIPES, **query)["results"]
    return [(one["recipe_id"], one["state"]) for one in found]


def test_a_recipe_goes_from_extraction_to_a_table_and_its_loads(advertiser: Advertiser) -> None:
    destination = advertiser.workspace.post(
        "/api/v3/destinations/duckdb/connections",
        {"title": "d", "connection_params": {"path": "a.duckdb"}},
    )
    advertiser.workspace.run_everything()
    path = f"/api/v3/destinations/duckdb/connections/{destination['id']}"
    advertiser.workspace.call("PATCH", path, json={"create_load_for_new_tables": True})
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001"), title="Mine")
    assert recipe == {
        "recipe_id": recipe["recipe_id"],
        "template_id": 1,
        "title": "Mine",
        "state": "Extracting Data",
    }
    assert recipe["recipe_id"].isdigit()
    before = advertiser.detail(recipe)
    assert (before["datatable_id"], before["last_build_at"]) == (None, None)
    assert advertiser.build(recipe)["status"] == "not_ready"
    (extract,) = advertiser.extracts()
    assert extract["sync_historical_data"] == FIRST_DAY
    assert extract["additional_params"]["attribution"] == "7d_click"
    advertiser.workspace.run_everything()
    detail = advertiser.detail(recipe)
    assert (detail["state"], detail["error_text"]) == ("Active", None)
    assert detail["last_build_at"] is not None
    assert listed(advertiser, state="active") == [(recipe["recipe_id"], "Active")]
    assert listed(advertiser, state="Building") == []
    (run,) = advertiser.runs(recipe)  # one build, however many extractions
    assert run["rows_written"] == len(advertiser.rows(recipe))
    told = [(one["type"], one["data"]) for one in advertiser.events()]
    assert [kind for kind, _ in told] == ["transformation_started", "transformation_completed"]
    assert told[1][1]["recipe_id"] == recipe["recipe_id"]
    assert told[1][1]["data_table_id"] == str(detail["datatable_id"])
    assert told[1][1]["rows"] == str(run["rows_written"])
    loads = advertiser.workspace.get("/api/v3/loads", data_table_id=detail["datatable_id"])
    (load,) = loads["results"]
    assert load["uploaded_rows_count"] == run["rows_written"]
    assert load["status"] == "synced"


def test_each_extraction_builds_again_and_manual_ones_do_not(advertiser: Advertiser) -> None:
    choice = advertiser.choice("demo_ads", "demo-1001")
    following = advertiser.create(choice)
    by_hand = advertiser.create(choice, trigger="manual")
    assert len(advertiser.extracts()) == 1  # the second uses the first's
    advertiser.workspace.run_everything()
    assert listed(advertiser) == [
        (following["recipe_id"], "Active"), (by_hand["recipe_id"], "Ready to Build"),
    ]  # fmt: skip
    extract = advertiser.extracts()[0]["id"]
    advertiser.workspace.call("POST", f"/api/v3/extracts/{extract}/run")
    assert advertiser.detail(following)["state"] == "Active"  # while its rows are made new
    advertiser.workspace.run_everything()
    assert [run["status"] for run in advertiser.runs(following)] == ["succeeded"] * 2
    assert advertiser.runs(by_hand) == []
    assert advertiser.build(by_hand)["status"] == "started"
    assert advertiser.detail(by_hand)["state"] == "Building"
    assert advertiser.build(by_hand)["status"] == "already_running"
    advertiser.workspace.run_everything()
    assert advertiser.detail(by_hand)["state"] == "Active"
    assert advertiser.rows(by_hand) != []


def test_a_build_waits_for_the_other_extractions(advertiser: Advertiser) -> None:
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001", "demo-1002"))
    sessions = advertiser.workspace.resources.sessions
    with transaction(sessions) as session:  # one extraction is late
        session.execute(
            text(
                "UPDATE run SET due_at = now() + interval '1 hour' WHERE id = "
                "(SELECT max(id) FROM run WHERE kind = 'extract')"
            )
        )
    advertiser.workspace.run_everything()
    assert advertiser.detail(recipe)["state"] == "Extracting Data"
    (run,) = advertiser.runs(recipe)
    assert (run["status"], run["error_class"]) == ("waiting", "SlowDown")
    advertiser.make_due()
    advertiser.workspace.run_everything()
    # The one that waited, and one more if the extraction ended after that had begun.
    ended = {one["id"]: one["status"] for one in advertiser.runs(recipe)}
    assert ended[run["id"]] == "succeeded"
    assert set(ended.values()) == {"succeeded"}
    assert {row["account_id"] for row in advertiser.rows(recipe)} == {"demo-1001", "demo-1002"}


def test_one_failed_account_does_not_keep_the_others(
    advertiser: Advertiser, network: AdsNetwork
) -> None:  # F09
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001", "demo-1002"))
    network.answer_next(
        "demo-1002/report", 1, 403, body=b'{"error": {"code": "no", "message": "n"}}'
    )
    advertiser.workspace.run_everything()
    advertiser.make_due()  # failures wake nobody: it looks again by itself
    advertiser.workspace.run_everything()
    network.faults.clear()
    detail = advertiser.detail(recipe)
    assert detail["state"] == "Error"
    assert detail["error_text"].startswith("Blue Harbor Coffee: ")
    assert {row["account_id"] for row in advertiser.rows(recipe)} == {"demo-1001"}
    failed = next(one for one in advertiser.extracts() if one["account_id"] == "demo-1002")
    advertiser.workspace.call("POST", f"/api/v3/extracts/{failed['id']}/run")
    advertiser.workspace.run_everything()
    assert advertiser.detail(recipe)["state"] == "Active"
    assert {row["account_id"] for row in advertiser.rows(recipe)} == {"demo-1001", "demo-1002"}


def test_a_failed_build_shows_why_and_keeps_the_table(advertiser: Advertiser) -> None:  # F25
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001"))
    advertiser.workspace.run_everything()
    before = advertiser.rows(recipe)
    table = advertiser.extracts()[0]["data_table"]["id"]
    path = f"/api/v3/data-tables/{table}"
    fields = [one for one in advertiser.workspace.get(path)["fields"] if not one["is_system"]]
    names = [one["name"] for one in fields]
    less = {"selected_fields": [name for name in names if name != "revenue"]}
    assert advertiser.workspace.call("PUT", path, json=less).status_code == 200
    advertiser.build(recipe)
    advertiser.workspace.run_everything()
    detail = advertiser.detail(recipe)
    assert detail["state"] == "Error"
    assert "'revenue'" in detail["error_text"]
    assert advertiser.rows(recipe) == before
    advertiser.workspace.call("PUT", path, json={"selected_fields": names})
    advertiser.build(recipe)
    advertiser.workspace.run_everything()
    assert (advertiser.detail(recipe)["state"], len(advertiser.rows(recipe))) == (
        "Active", len(before),
    )  # fmt: skip


def test_a_schedule_builds(advertiser: Advertiser) -> None:
    recipe = advertiser.create(
        advertiser.choice("demo_ads", "demo-1001"), scheduling={"interval": "day", "hours": 6}
    )
    detail = advertiser.detail(recipe)
    assert detail["trigger"] == "schedule"
    assert [one["hours"] for one in detail["scheduling"]] == [6]
    advertiser.workspace.run_everything()
    assert advertiser.runs(recipe) == []
    with transaction(advertiser.workspace.resources.sessions) as session:
        session.execute(
            text(
                "UPDATE schedule SET due_at = now() - interval '9 days' "
                "WHERE kind = 'automated_recipe_build'"
            )
        )
    advertiser.workspace.run_everything()
    (run,) = advertiser.runs(recipe)
    assert (run["trigger"], run["status"]) == ("schedule", "succeeded")
    assert advertiser.update(recipe, trigger="manual")["scheduling"] == []
    again = advertiser.update(recipe, status=400, trigger="schedule")
    assert "scheduling" in again["errors"]
    both = advertiser.update(recipe, status=400, trigger="manual", scheduling=[{}])
    assert "scheduling" in both["errors"]


def test_paused_extracts_pause_it_and_deleted_ones_are_missed(advertiser: Advertiser) -> None:
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001"), trigger="manual")
    advertiser.workspace.run_everything()
    (extract,) = advertiser.extracts()
    advertiser.workspace.call("POST", f"/api/v3/extracts/{extract['id']}/pause")
    assert advertiser.detail(recipe)["state"] == "Paused"
    advertiser.workspace.call("DELETE", f"/api/v3/extracts/{extract['id']}")
    detail = advertiser.detail(recipe)
    assert detail["state"] == "Error"
    assert "Alpenglow Outfitters: its extract was deleted" in detail["error_text"]
    assert advertiser.build(recipe)["status"] == "not_ready"
    choice = advertiser.choice("demo_ads", "demo-1001")
    assert advertiser.update(recipe, connections=[choice])["state"] == "Extracting Data"
    advertiser.workspace.run_everything()
    assert advertiser.detail(recipe)["state"] == "Ready to Build"


def test_deleting_stops_builds_and_pauses_what_nobody_else_needs(advertiser: Advertiser) -> None:
    choice = advertiser.choice("demo_ads", "demo-1001")
    first, second = advertiser.create(choice), advertiser.create(choice, template_id=2)
    advertiser.workspace.run_everything()
    table = advertiser.detail(first)["datatable_id"]
    rows = advertiser.rows(first)
    advertiser.build(first)
    assert advertiser.workspace.call("DELETE", f"{RECIPES}/{first['recipe_id']}").status_code == 204
    assert advertiser.workspace.call("GET", f"{RECIPES}/{first['recipe_id']}").status_code == 404
    assert advertiser.workspace.call("DELETE", f"{RECIPES}/{first['recipe_id']}").status_code == 404
    advertiser.workspace.run_everything()
    assert advertiser.workspace.get(f"/api/v3/data-tables/{table}/rows")["count"] == len(rows)
    assert [one["status"] for one in advertiser.extracts()] == ["synced"]  # the second needs it
    advertiser.workspace.call("DELETE", f"{RECIPES}/{second['recipe_id']}")
    assert [one["status"] for one in advertiser.extracts()] == ["paused"]
    # Whoever wants the account again has it go on.
    third = advertiser.create(choice, sync_from_date="2026-11-01")
    (extract,) = advertiser.extracts()
    assert (extract["status"], extract["sync_historical_data"]) == ("syncing", "2026-11-01")
    assert third["state"] == "Extracting Data"
    advertiser.workspace.run_everything()
    assert min(row["date"] for row in advertiser.rows(third)) == "2026-11-01"


@pytest.mark.parametrize("is_own", [True, False])
def test_an_extract_of_the_clients_is_used_and_left_alone(
    advertiser: Advertiser, is_own: bool
) -> None:
    template = next(
        one["id"]
        for one in advertiser.workspace.get("/api/v3/datasources/demo_ads/extract-templates")[
            "results"
        ]
        if one["title"] == "Campaigns by day"
    )
    fields = ["date", "campaign_id", "campaign_name", *FIGURES]
    given = {"fields": fields, "sync_historical_data": FIRST_DAY}
    if not is_own:
        given["custom_filters"] = [{"field": "spend", "operator": "gt", "value": 1}]
    body = {
        "data_table_title": "Of the client's",
        "template_id": template,
        "accounts": advertiser.choice("demo_ads", "demo-1001")["accounts"],
        "template_settings": given,
    }
    advertiser.workspace.post("/api/v3.1/extracts/", body)
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001"), trigger="manual")
    assert len(advertiser.extracts()) == (1 if is_own else 2)
    advertiser.workspace.call("DELETE", f"{RECIPES}/{recipe['recipe_id']}")
    clients = next(
        one for one in advertiser.extracts() if one["data_table"]["title"] == "Of the client's"
    )
    assert clients["status"] != "paused"
