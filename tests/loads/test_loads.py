"""Loads through the API: creating, showing, changing, refusing."""

import json
import uuid
from collections.abc import Callable
from datetime import timedelta
from typing import Any

import pytest
from httpx import Response
from sqlalchemy.orm import Session

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.memory_loader import MemoryLoader
from headrace.kit import clock
from headrace.loads import queries
from loads.conftest import LOADS, Deliveries
from loads.tables import FilledTable

DAILY = {"interval": "day", "hours": 3, "timezone": "Europe/Berlin"}


# --- creating and showing ---


def test_a_load_is_created_with_what_is_left_out(
    deliveries: Deliveries, table: FilledTable
) -> None:
    made = deliveries.workspace.post(LOADS, deliveries.body(table))

    assert made["status"] == "init"
    assert made["destination_table"] == table.sql_name
    assert made["run_policy"] == "after_extraction"
    assert made["scheduling"] == []
    assert made["load_mode"] == "replace"
    assert made["data_table"] == {"id": table.id, "title": "Ads", "datasource_name": "demo_ads"}
    assert made["destination_connection"]["id"] == deliveries.connection_id
    assert made["destination_connection"]["destination"]["name"] == "memory"
    for name in ("last_update", "error_text", "uploaded_rows_count", "load_historical_data"):
        assert made[name] is None
    assert deliveries.load(made["id"]) == made
    assert deliveries.workspace.get(LOADS)["results"] == [made]
    assert "password" not in str(made).replace("'name': 'password'", "")  # S29


def test_a_load_is_created_with_everything(deliveries: Deliveries, table: FilledTable) -> None:
    made = deliveries.workspace.post(
        LOADS,
        deliveries.body(
            table,
            destination_table="Käse",
            run_policy="schedule",
            scheduling=DAILY | {"lookback_window": {"name": "max"}},
            load_historical_data="2026-01-05",
            load_mode="append",
        ),
    )

    assert (made["destination_table"], made["load_mode"]) == ("Käse", "append")
    assert made["load_historical_data"] == "2026-01-05"
    (schedule,) = made["scheduling"]
    assert schedule["hours"] == 3
    assert schedule["lookback_window"]["name"] == "max"


@pytest.mark.parametrize(
    ("given", "kept"),
    [(None, None), (True, None), (False, "2026-11-20"), ("2020-02-29", "2020-02-29")],
)
def test_historical_data_may_be_a_date_or_yes_or_no(
    given: Any, kept: Any, deliveries: Deliveries, table: FilledTable
) -> None:  # A26
    made = deliveries.workspace.post(LOADS, deliveries.body(table, load_historical_data=given))

    expected = str(clock.today("UTC")) if given is False else kept
    assert made["load_historical_data"] == expected


@pytest.mark.parametrize(
    ("change", "words"),
    [
        ({"destination_table": 'a"b'}, "destination_table: Quotes"),
        ({"destination_table": "x" * 41}, "destination_table: must be at most 40 bytes"),
        ({"destination_table": "ä" * 21}, "destination_table: must be at most 40 bytes"),
        ({"destination_table": "\ud800"}, "destination_table"),
        ({"destination_table": ""}, "destination_table"),
        ({"run_policy": "sometimes"}, "run_policy"),
        ({"run_policy": "schedule"}, "scheduling: give at least one"),
        ({"run_policy": "schedule", "scheduling": []}, "scheduling: give at least one"),
        ({"scheduling": [DAILY]}, "scheduling: run_policy is 'after_extraction'"),
        ({"run_policy": "schedule", "scheduling": [{"hours": 25}]}, "hours"),
        ({"load_historical_data": "soon"}, "load_historical_data"),
        ({"load_mode": "truncate"}, "load_mode"),
        ({"data_table_id": "x"}, "data_table_id"),
    ],
)  # fmt: skip
def test_a_bad_load_is_refused(
    change: dict[str, Any], words: str, deliveries: Deliveries, table: FilledTable
) -> None:  # S81
    workspace = deliveries.workspace
    answer = workspace.client.post(
        LOADS,
        content=json.dumps(deliveries.body(table) | change),  # half a surrogate pair, too
        headers=workspace.headers | {"Content-Type": "application/json"},
    )

    assert answer.status_code == 400, answer.text
    assert words in answer.json()["details"]
    assert deliveries.workspace.get(LOADS)["count"] == 0


@pytest.mark.parametrize("status", ["initializing", "error"])
def test_a_destination_that_does_not_work_takes_no_load(
    status: str, deliveries: Deliveries, table: FilledTable
) -> None:
    deliveries.set_status(status)

    answer = deliveries.workspace.call("POST", LOADS, json=deliveries.body(table))

    assert answer.status_code == 400
    assert f"the destination connection is {status}" in answer.json()["details"]


@pytest.mark.parametrize("name", ["ads", "ADS"])
def test_a_destination_table_has_one_load(
    name: str, deliveries: Deliveries, table: FilledTable
) -> None:  # F26 F27
    deliveries.create(table)
    other = FilledTable.create(deliveries.workspace, "Other")

    answer = deliveries.workspace.call(
        "POST", LOADS, json=deliveries.body(other, destination_table=name)
    )

    assert answer.status_code == 400
    assert "another load delivers into" in answer.json()["details"]
    assert deliveries.create(other, destination_table="ads_2")


def test_two_requests_at_once_do_not_take_one_destination_table(
    deliveries: Deliveries, table: FilledTable, session: Session
) -> None:  # F14
    values = {
        "workspace_id": deliveries.workspace.id,
        "data_table_id": table.id,
        "destination_connection_id": uuid.UUID(deliveries.connection_id),
    }
    assert queries.insert_load(session, values | {"destination_table": "Ads"}) is not None
    assert queries.insert_load(session, values | {"destination_table": "aDS"}) is None


def test_two_workspaces_do_not_share_a_destination_table(
    deliveries: Deliveries, table: FilledTable, other_workspace: WorkspaceFake
) -> None:  # F27
    deliveries.create(table)
    same_place = Deliveries.connect(other_workspace)
    elsewhere = Deliveries.connect(other_workspace, place="there")
    foreign = FilledTable.create(other_workspace)

    answer = other_workspace.call("POST", LOADS, json=same_place.body(foreign))

    assert answer.status_code == 400
    assert elsewhere.create(foreign)
    assert same_place.create(foreign, destination_table="mine")


def test_a_connection_that_moves_onto_another_load_is_refused_at_the_run(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F27
    deliveries.create(table)
    other = Deliveries.connect(deliveries.workspace, place="there")
    later = other.create(table)
    answer = deliveries.workspace.call(
        "PUT",
        f"/api/v3/destinations/memory/connections/{other.connection_id}",
        json={"connection_params": {"place": "here", "password": "p4ss"}},
    )
    assert answer.status_code == 200
    deliveries.workspace.run_everything()

    found = other.deliver(later)

    assert found["status"] == "error"
    assert "Another load delivers into 'ads'" in found["error_text"]
    assert memory.tables == {}


# --- lists ---


def test_loads_are_filtered(
    deliveries: Deliveries, table: FilledTable, other_workspace: WorkspaceFake
) -> None:
    other = FilledTable.create(deliveries.workspace, "Other")
    elsewhere = Deliveries.connect(deliveries.workspace, place="there")
    one, two, three = (
        deliveries.create(table),
        deliveries.create(other),
        elsewhere.create(table),
    )

    def ids(**query: Any) -> list[int]:
        return [item["id"] for item in deliveries.workspace.get(LOADS, **query)["results"]]

    assert ids() == [one, two, three]
    assert ids(data_table_id=table.id) == [one, three]
    assert ids(destination_connection_id=deliveries.connection_id) == [one, two]
    assert ids(destination_connection_id=deliveries.connection_id.upper()) == [one, two]
    assert ids(destination_name="memory", data_table_id=other.id) == [two]
    assert ids(destination_name="s3") == []
    assert ids(destination_connection_id="no-uuid") == []


def test_filters_with_foreign_ids_find_nothing(
    deliveries: Deliveries, table: FilledTable, other_workspace: WorkspaceFake
) -> None:  # S02
    deliveries.create(table)

    for query in (
        {"data_table_id": table.id},
        {"destination_connection_id": deliveries.connection_id},
        {"destination_name": "memory"},
    ):
        assert other_workspace.get(LOADS, **query)["results"] == []


def test_a_filter_that_is_no_number_is_refused(workspace: WorkspaceFake) -> None:
    answer = workspace.call("GET", LOADS, params={"data_table_id": "x"})
    assert answer.status_code == 400


# --- changing ---


def test_policy_and_schedules_are_changed(deliveries: Deliveries, table: FilledTable) -> None:
    load_id = deliveries.create(table)

    def put(**body: Any) -> Response:
        return deliveries.workspace.call("PUT", f"{LOADS}/{load_id}", json=body)

    assert put(run_policy="schedule").status_code == 400
    assert put(scheduling=[DAILY]).status_code == 400
    changed = put(run_policy="schedule", scheduling=[DAILY, DAILY | {"hours": 9}]).json()
    assert (changed["run_policy"], len(changed["scheduling"])) == ("schedule", 2)
    assert put(run_policy="schedule").json() == changed
    assert [item["hours"] for item in put(scheduling=DAILY).json()["scheduling"]] == [3]
    assert put(scheduling=[]).status_code == 400
    assert put(load_mode="upsert").json()["load_mode"] == "upsert"
    manual = put(run_policy="manual", id=7, status="error", data_table_id=1).json()  # S27
    assert (manual["id"], manual["run_policy"], manual["scheduling"]) == (load_id, "manual", [])
    assert manual["status"] == "init"


def test_pausing_twice_is_pausing_once(deliveries: Deliveries, table: FilledTable) -> None:
    load_id = deliveries.create(table, run_policy="schedule", scheduling=[DAILY])

    for _ in range(2):
        assert deliveries.ask(load_id, "pause").json()["status"] == "paused"
    assert deliveries.ask(load_id).status_code == 400
    with clock.shifted(timedelta(days=2)):
        deliveries.workspace.run_everything()
    assert deliveries.runs(load_id) == []
    for _ in range(2):
        assert deliveries.ask(load_id, "unpause").json()["status"] == "init"


def test_a_deleted_load_is_gone_and_its_rows_stay(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table, run_policy="schedule", scheduling=[DAILY])
    deliveries.deliver(load_id)
    deliveries.ask(load_id)

    answer = deliveries.workspace.call("DELETE", f"{LOADS}/{load_id}")

    assert (answer.status_code, answer.content) == (204, b"")
    memory.take_units()
    with clock.shifted(timedelta(days=2)):
        deliveries.workspace.run_everything()
    assert memory.take_units() == []
    assert len(memory.tables["ads"]) == 20
    assert deliveries.workspace.call("DELETE", f"{LOADS}/{load_id}").status_code == 404
    assert deliveries.workspace.call("GET", f"{LOADS}/{load_id}/runs").status_code == 404
    assert deliveries.create(table)


# --- who may ---

Call = Callable[[WorkspaceFake, object], Response]
OF_ONE: dict[str, Call] = {
    "get": lambda who, one: who.call("GET", f"{LOADS}/{one}"),
    "put": lambda who, one: who.call("PUT", f"{LOADS}/{one}", json={"run_policy": "manual"}),
    "delete": lambda who, one: who.call("DELETE", f"{LOADS}/{one}"),
    "pause": lambda who, one: who.call("PUT", f"{LOADS}/{one}/pause"),
    "unpause": lambda who, one: who.call("PUT", f"{LOADS}/{one}/unpause"),
    "run": lambda who, one: who.call("PUT", f"{LOADS}/{one}/run"),
    "runs": lambda who, one: who.call("GET", f"{LOADS}/{one}/runs"),
}


@pytest.mark.parametrize("name", OF_ONE)
def test_foreign_and_missing_loads_are_alike(
    name: str, deliveries: Deliveries, table: FilledTable, other_workspace: WorkspaceFake
) -> None:  # S01 S16
    load_id = deliveries.create(table)
    before = deliveries.load(load_id)

    foreign, missing = (OF_ONE[name](other_workspace, one) for one in (load_id, 10**12))

    assert foreign.status_code == missing.status_code == 404
    assert foreign.json() == missing.json() == {"details": "Load not found."}
    assert deliveries.load(load_id) == before


def test_foreign_ids_in_the_body_are_missing_ones(
    deliveries: Deliveries, table: FilledTable, other_workspace: WorkspaceFake
) -> None:  # S03
    own = Deliveries.connect(other_workspace, place="there")
    own_table = FilledTable.create(other_workspace)

    def answer(table_id: int, connection_id: str) -> tuple[int, Any]:
        body = {"data_table_id": table_id, "destination_connection_id": connection_id}
        given = other_workspace.call("POST", LOADS, json=body)
        return given.status_code, given.json()

    assert answer(table.id, own.connection_id) == answer(10**12, own.connection_id)
    assert answer(table.id, own.connection_id)[0] == 404
    foreign = answer(own_table.id, deliveries.connection_id)
    assert foreign == answer(own_table.id, str(uuid.uuid4())) == answer(own_table.id, "x")
    assert foreign[0] == 404
    assert other_workspace.get(LOADS)["count"] == 0


@pytest.mark.parametrize("name", ["post", "put", "delete", "pause", "unpause", "run"])
def test_a_viewer_looks_and_does_not_touch(
    name: str, deliveries: Deliveries, table: FilledTable, agency: AgencyFake
) -> None:  # S18
    load_id = deliveries.create(table)
    before = deliveries.load(load_id)
    viewer = agency.member(deliveries.workspace, "viewer")

    if name == "post":
        answer = viewer.call("POST", LOADS, json=deliveries.body(table, destination_table="x"))
    else:
        answer = OF_ONE[name](viewer, load_id)

    assert answer.status_code == 403
    assert viewer.get(LOADS)["results"] == [before]
    assert viewer.get(f"{LOADS}/{load_id}/runs")["count"] == 0
