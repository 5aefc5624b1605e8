"""Carrying out loads: what is delivered, in which mode, and what interruptions leave."""

from collections import Counter
from typing import Any

import duckdb
import pytest

from fakes.callers import take_jobs
from fakes.memory_loader import MemoryLoader, WorkerDied
from headrace.db.engine import transaction
from headrace.kit.outcomes import Reauthorize, Refused
from headrace.runs import queries as run_queries
from headrace.runs import tasks as run_tasks
from headrace.table_store import live_segments
from loads.conftest import LOADS, Deliveries
from loads.tables import FIELDS, FilledTable, Row, day, days

SHOWN = ("account_id", "date_start", "ad_id", "clicks")


def rows(account: str, *given: Row) -> Counter[Any]:
    """What a destination holds of these rows."""
    return Counter((account, day(number), ad, clicks) for number, ad, clicks in given)


def all_rows() -> Counter[Any]:
    """The rows of the fixture `table`."""
    numbers = range(10)
    one = rows("one", *((n, "x", n) for n in numbers))
    return one + rows("two", *((n, "y", n) for n in numbers))


def without(held: Counter[Any], account: str, first: int, last: int) -> Counter[Any]:
    """The rows that are not of the account and days."""
    kept = days(first, last)
    return Counter(
        {
            row: count
            for row, count in held.items()
            if row[0] != account or not kept.first <= row[1] <= kept.last
        }
    )


# --- what is delivered ---


@pytest.mark.parametrize("mode", ["replace", "upsert"])
def test_the_first_run_delivers_all_and_the_next_what_changed(
    mode: str, deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F11
    load_id = deliveries.create(table, load_mode=mode)
    assert deliveries.deliver(load_id)["uploaded_rows_count"] == 20
    assert memory.counted("ads", *SHOWN) == all_rows()
    assert memory.take_units() == [("Full", None)]

    assert deliveries.deliver(load_id)["uploaded_rows_count"] == 0
    assert memory.take_units() == []

    table.fill(days(8, 11), [(9, "x", 90), (10, "x", 100), (11, "z", 110)])
    done = deliveries.deliver(load_id)

    kind = "Upsert" if mode == "upsert" else "Window"
    assert memory.take_units() == [(kind, days(8, 11))]
    expected = without(all_rows(), "one", 8, 11) + rows(
        "one", (9, "x", 90), (10, "x", 100), (11, "z", 110)
    )
    assert memory.counted("ads", *SHOWN) == expected
    assert done["uploaded_rows_count"] == 3
    run = deliveries.runs(load_id)[0]
    assert (run["rows_written"], run["rows_deleted"]) == (3, 2)


def test_append_keeps_what_was_restated(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table, load_mode="append")
    deliveries.deliver(load_id)
    assert memory.take_units() == [("Append", days(0, 9)), ("Append", days(0, 9))]

    table.fill(days(8, 10), [(9, "x", 90), (10, "x", 100)])
    restated_at = table.inserted_at
    table.fill(days(0, 9), [], account="two")
    assert deliveries.deliver(load_id)["uploaded_rows_count"] == 2

    assert memory.take_units() == [("Append", days(8, 10))]
    assert memory.counted("ads", *SHOWN) == all_rows() + rows("one", (9, "x", 90), (10, "x", 100))
    newest = {row["__insert_date"] for row in memory.tables["ads"] if row["clicks"] >= 90}
    assert newest == {restated_at}
    assert deliveries.deliver(load_id)["uploaded_rows_count"] == 0


@pytest.mark.parametrize("mode", ["replace", "upsert", "append"])
def test_a_table_without_days_is_delivered_by_account(
    mode: str, deliveries: Deliveries, memory: MemoryLoader
) -> None:
    table = FilledTable.create(deliveries.workspace, "Ads", is_dated=False)
    table.fill(None, [(0, "x", 1)])
    table.fill(None, [(0, "y", 2)], account="two")
    load_id = deliveries.create(table, load_mode=mode, load_historical_data="2030-01-01")
    deliveries.deliver(load_id)
    assert memory.counted("ads", *SHOWN) == rows("one", (0, "x", 1)) + rows("two", (0, "y", 2))
    memory.take_units()

    table.fill(None, [(0, "x", 7)])
    deliveries.deliver(load_id)

    old = rows("one", (0, "x", 1)) if mode == "append" else Counter()
    expected = rows("one", (0, "x", 7)) + rows("two", (0, "y", 2)) + old
    assert memory.counted("ads", *SHOWN) == expected
    ((_, window),) = memory.take_units()
    assert window is None


def test_an_account_that_vanished_vanishes_downstream(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    table.drop("two")

    deliveries.deliver(load_id)

    assert memory.counted("ads", "account_id") == {("one",): 10}


def test_rows_before_the_limit_are_never_delivered(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table, load_historical_data="2026-01-05")
    deliveries.deliver(load_id)
    late = Counter({row: count for row, count in all_rows().items() if row[1] >= day(4)})
    assert memory.counted("ads", *SHOWN) == late

    table.fill(days(2, 5), [(2, "x", 20), (5, "x", 50)])
    memory.take_units()
    deliveries.deliver(load_id)

    assert memory.take_units() == [("Window", days(4, 5))]
    expected = without(late, "one", 4, 5) + rows("one", (5, "x", 50))
    assert memory.counted("ads", *SHOWN) == expected
    deliveries.deliver(load_id, full=True)
    assert memory.counted("ads", *SHOWN) == expected


def test_a_table_that_was_never_read_empties_nothing(
    deliveries: Deliveries, memory: MemoryLoader
) -> None:  # F12
    table = FilledTable.create(deliveries.workspace)
    memory.tables["ads"] = [{"theirs": 1}]
    load_id = deliveries.create(table)

    assert deliveries.deliver(load_id)["status"] == "synced"

    assert memory.tables["ads"] == [{"theirs": 1}]


def test_the_loader_learns_columns_key_and_labels(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    deliveries.deliver(deliveries.create(table))

    (target,) = memory.targets
    names = [column.name for column in target.columns]
    assert names == ["account_id", "account_name", "__insert_date", *(each.name for each in FIELDS)]
    assert (target.name, target.key, target.date_column) == ("ads", ("ad_id",), "date_start")
    assert target.labels["data_source"] == "demo_ads"
    assert target.labels["data_table_title"] == "Ads"
    assert target.labels["report_type"] == "ads"
    assert target.labels["workspace_id"] == str(deliveries.workspace.id)


# --- asked for ---


def test_days_asked_for_are_written_anew_and_no_others(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    memory.tables["ads"] = [row for row in memory.tables["ads"] if row["clicks"] not in (2, 3, 7)]
    memory.take_units()

    done = deliveries.deliver(load_id, date_from="2026-01-02", date_to="2026-01-04")

    assert memory.take_units() == [("Window", days(1, 3)), ("Window", days(1, 3))]
    assert done["uploaded_rows_count"] == 6
    held = memory.counted("ads", *SHOWN)
    assert held == without(without(all_rows(), "one", 7, 7), "two", 7, 7)


def test_days_without_rows_ask_for_nothing(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F28
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    memory.take_units()

    done = deliveries.deliver(load_id, date_from="2030-01-01", date_to="2040-12-31")

    assert (done["status"], done["uploaded_rows_count"]) == ("synced", 0)
    assert memory.take_units() == []


@pytest.mark.parametrize(
    ("mode", "units"),
    [
        ("replace", [("Full", None)]),
        ("upsert", [("Full", None)]),
        ("append", [("Append", days(0, 9)), ("Append", days(0, 9))]),
    ],
)
def test_the_whole_table_may_be_asked_for(
    mode: str, units: list[Any], deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table, load_mode=mode)
    deliveries.deliver(load_id)
    memory.tables["ads"].pop()
    memory.take_units()

    deliveries.deliver(load_id, full=True)

    assert memory.take_units() == units
    assert memory.counted("ads", *SHOWN) == all_rows()


# --- what makes a table be built anew ---


def test_other_columns_build_the_table_anew(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F10
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    memory.take_units()
    table.add_field("reach")

    deliveries.deliver(load_id)

    assert memory.take_units() == [("Full", None)]
    assert {row["reach"] for row in memory.tables["ads"]} == {None}
    deliveries.deliver(load_id)
    assert memory.take_units() == []


def test_from_append_to_replace_clears_what_was_appended(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table, load_mode="append")
    deliveries.deliver(load_id)
    table.fill(days(8, 9), [(9, "x", 90)])
    deliveries.deliver(load_id)

    deliveries.workspace.call("PUT", f"{LOADS}/{load_id}", json={"load_mode": "replace"})
    deliveries.deliver(load_id)

    expected = without(all_rows(), "one", 8, 9) + rows("one", (9, "x", 90))
    assert memory.counted("ads", *SHOWN) == expected


@pytest.mark.parametrize("mode", ["replace", "append"])
def test_another_place_gets_everything(
    mode: str, deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table, load_mode=mode)
    deliveries.deliver(load_id)
    memory.tables.clear()  # what the new place looks like
    answer = deliveries.workspace.call(
        "PUT",
        f"/api/v3/destinations/memory/connections/{deliveries.connection_id}",
        json={"connection_params": {"place": "there", "password": "********"}},
    )
    assert answer.status_code == 200
    deliveries.workspace.run_everything()

    deliveries.deliver(load_id)

    assert memory.counted("ads", *SHOWN) == all_rows()


# --- interruptions ---


def interrupted(deliveries: Deliveries) -> None:
    """Let the one waiting run begin, its worker die, and another worker take it over."""
    resources = deliveries.workspace.resources
    with transaction(resources.sessions) as session:
        assert run_tasks.admit(session, resources) == 1
        (job,) = take_jobs(session)
    with pytest.raises(WorkerDied):
        run_tasks.carry_out(resources, **job)
    with transaction(resources.sessions) as session:
        run_queries.put_back(session, job["run_id"], job["fence"])


@pytest.mark.parametrize("mode", ["replace", "upsert", "append"])
@pytest.mark.parametrize("committed", [0, 1, 2])
def test_a_killed_load_goes_on_after_its_last_recorded_unit(
    mode: str, committed: int, deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F02 F23 F29
    load_id = deliveries.create(table, load_mode=mode)
    deliveries.deliver(load_id)
    for account in ("one", "three", "two"):
        table.fill(days(10, 11), [(10, "n", 1), (11, "n", 2)], account)
    memory.take_units()
    memory.dies_after = committed
    deliveries.ask(load_id)

    interrupted(deliveries)
    memory.dies_after = None
    assert len(memory.take_units()) == committed + 1
    deliveries.workspace.run_everything()

    assert len(memory.take_units()) == 3 - committed
    new = [rows(account, (10, "n", 1), (11, "n", 2)) for account in ("one", "three", "two")]
    assert memory.counted("ads", *SHOWN) == sum(new, all_rows())
    assert deliveries.load(load_id)["uploaded_rows_count"] == 6


def test_a_killed_run_of_some_days_goes_on_with_them(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F29
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    memory.take_units()
    memory.dies_after = 1
    deliveries.ask(load_id, date_from="2026-01-01", date_to="2026-01-03")

    interrupted(deliveries)
    memory.dies_after = None
    deliveries.workspace.run_everything()

    assert [window for _, window in memory.take_units()] == [days(0, 2)] * 3
    assert memory.counted("ads", *SHOWN) == all_rows()
    assert deliveries.load(load_id)["uploaded_rows_count"] == 6


def test_a_failure_shows_at_the_load_and_keeps_what_was_recorded(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F22 F24
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    table.fill(days(0, 0), [(0, "n", 5)])
    memory.problem = Refused("The disk of the server is full.")

    failed = deliveries.deliver(load_id)

    assert (failed["status"], failed["error_text"]) == ("error", "The disk of the server is full.")
    assert failed["last_update"] is not None
    assert failed["destination_connection"]["status"] == "active"
    assert memory.counted("ads", *SHOWN) == all_rows()
    memory.problem = None
    done = deliveries.deliver(load_id)
    assert (done["status"], done["error_text"], done["uploaded_rows_count"]) == ("synced", None, 1)


def test_lost_credentials_show_at_the_destination(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    memory.problem = Reauthorize("The password is no longer good.")

    failed = deliveries.deliver(load_id)

    assert failed["status"] == "error"
    assert failed["destination_connection"]["status"] == "error"
    assert failed["destination_connection"]["error_text"] == "The password is no longer good."
    assert deliveries.ask(load_id).status_code == 400
    table.announce()
    deliveries.workspace.run_everything()
    assert "does not work" in deliveries.load(load_id)["error_text"]
    assert len(memory.accesses) == 2  # the check, and the one attempt


def start_load_first(deliveries: Deliveries) -> None:
    """Carry out the load of the two runs that wait, as if the check took its time."""
    resources = deliveries.workspace.resources
    with transaction(resources.sessions) as session:
        assert run_tasks.admit(session, resources) == 2
        jobs = take_jobs(session)
    run_tasks.carry_out(resources, **min(jobs, key=lambda job: job["run_id"]))


def test_a_load_waits_while_its_destination_is_checked(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    deliveries.ask(load_id)
    connection = f"/api/v3/destinations/memory/connections/{deliveries.connection_id}"
    deliveries.workspace.call("PUT", f"{connection}/recheck")

    start_load_first(deliveries)

    (run,) = deliveries.runs(load_id)
    assert (run["status"], run["attempt"]) == ("waiting", 1)
    assert run["error_text"] == "The destination connection is being checked."
    assert memory.tables == {}


def test_a_lost_file_is_tried_again_and_named(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:
    load_id = deliveries.create(table)
    resources = deliveries.workspace.resources
    with resources.sessions() as session:
        path = live_segments(session, table.id, ["one"])[0].path
    resources.lake.filesystem.delete_file(path)

    deliveries.deliver(load_id)

    (run,) = deliveries.runs(load_id)
    assert (run["error_class"], run["attempt"]) == ("TryLater", 1)
    assert str(path) in run["error_text"]
    assert memory.tables == {}


# --- a real destination ---


def test_a_table_is_delivered_into_a_file(deliveries: Deliveries, table: FilledTable) -> None:
    workspace = deliveries.workspace
    made = workspace.post(
        "/api/v3/destinations/duckdb/connections", {"conenctions_params": {"path": "ads.duckdb"}}
    )
    workspace.run_everything()
    into_file = Deliveries(workspace, made["id"])
    load_id = into_file.create(table, destination_table="my ads")
    into_file.deliver(load_id)
    table.fill(days(8, 10), [(10, "x", 100)])

    done = into_file.deliver(load_id)

    assert (done["status"], done["uploaded_rows_count"]) == ("synced", 1)
    root = workspace.resources.settings.local_files_root
    assert root is not None
    with duckdb.connect(str(root / "ads.duckdb"), read_only=True) as opened:
        found = opened.sql(f'SELECT {", ".join(SHOWN)} FROM "my ads"').fetchall()
    assert Counter(found) == without(all_rows(), "one", 8, 10) + rows("one", (10, "x", 100))
