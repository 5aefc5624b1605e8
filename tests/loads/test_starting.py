"""What starts a load: a request, an extraction, a schedule, a new table."""

from datetime import timedelta
from typing import Any

import pytest

from fakes.memory_loader import MemoryLoader
from headrace.kit import clock
from headrace.kit.outcomes import TryLater
from loads.conftest import LOADS, Deliveries
from loads.tables import FilledTable, days

DAILY = {"interval": "day", "hours": 3, "timezone": "Europe/Berlin"}


def test_status_follows_the_run(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    assert deliveries.ask(load_id).json()["status"] == "syncing"
    assert deliveries.load(load_id)["status"] == "syncing"

    again = deliveries.ask(load_id)

    assert again.status_code == 409
    assert "already running" in again.json()["details"]
    deliveries.workspace.run_everything()
    done = deliveries.load(load_id)
    assert (done["status"], done["uploaded_rows_count"]) == ("synced", 20)
    assert done["last_update"] is not None
    assert deliveries.ask(load_id, "pause").json()["status"] == "paused"


@pytest.mark.parametrize(
    "body",
    [
        {"date_from": "2026-01-02"},
        {"date_to": "2026-01-02"},
        {"date_from": "2026-01-03", "date_to": "2026-01-02"},
        {"date_from": "yesterday", "date_to": "2026-01-02"},
        {"date_from": "2026-01-01", "date_to": "2026-01-02", "full": True},
    ],
)
def test_dates_that_make_no_range_are_refused(
    body: dict[str, Any], deliveries: Deliveries, table: FilledTable
) -> None:  # F28
    load_id = deliveries.create(table)
    answer = deliveries.ask(load_id, **body)
    assert answer.status_code == 400
    assert deliveries.runs(load_id) == []


def test_a_load_into_a_broken_destination_is_not_started(
    deliveries: Deliveries, table: FilledTable
) -> None:
    load_id = deliveries.create(table)
    deliveries.set_status("error")
    assert deliveries.ask(load_id).status_code == 400
    assert deliveries.runs(load_id) == []


def test_an_extraction_starts_the_loads_that_wait_for_it(
    deliveries: Deliveries, table: FilledTable
) -> None:
    waiting = deliveries.create(table)
    others = [
        deliveries.create(table, destination_table="manual", run_policy="manual"),
        deliveries.create(
            table, destination_table="late", run_policy="schedule", scheduling=[DAILY]
        ),
        deliveries.create(table, destination_table="paused"),
        deliveries.create(FilledTable.create(deliveries.workspace, "Other")),
    ]
    deliveries.ask(others[2], "pause")

    table.announce()
    table.announce()
    deliveries.workspace.run_everything()

    assert [run["trigger"] for run in deliveries.runs(waiting)] == ["after_extraction"]
    assert deliveries.load(waiting)["status"] == "synced"
    assert all(deliveries.runs(load_id) == [] for load_id in others)


def test_a_schedule_starts_its_load(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table, run_policy="schedule", scheduling=[DAILY])

    with clock.shifted(timedelta(days=3)):
        deliveries.workspace.run_everything()

    assert [run["trigger"] for run in deliveries.runs(load_id)] == ["schedule"]
    assert len(memory.tables["ads"]) == 20


def test_a_new_table_gets_a_load_where_that_is_wished(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    wishing = Deliveries.connect(
        deliveries.workspace, place="there", create_load_for_new_tables=True
    )
    other = FilledTable.create(deliveries.workspace, "Other")
    wishing.create(other, destination_table="ADS")

    table.make_loads()
    table.make_loads()

    made = [
        (item["destination_connection"]["id"], item["destination_table"], item["run_policy"])
        for item in deliveries.workspace.get(LOADS, data_table_id=table.id)["results"]
    ]
    assert made == [(wishing.connection_id, "ads_2", "after_extraction")]


def test_a_retry_that_waits_is_still_syncing(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    memory.problem = TryLater("Not now.")

    assert deliveries.deliver(load_id)["status"] == "syncing"
    assert deliveries.runs(load_id)[0]["error_text"] == "Not now."


def test_days_asked_for_do_not_swallow_an_extraction(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    table.fill(days(10, 11), [(10, "x", 1)])
    memory.take_units()
    deliveries.ask(load_id, date_from="2026-01-01", date_to="2026-01-02")

    table.announce()
    deliveries.workspace.run_everything()

    triggers = [run["trigger"] for run in deliveries.runs(load_id)]
    assert triggers == ["after_extraction", "manual", "manual"]
    assert memory.take_units() == [
        ("Window", days(0, 1)),
        ("Window", days(0, 1)),
        ("Window", days(10, 11)),
    ]
