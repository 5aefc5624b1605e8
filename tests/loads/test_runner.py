"""Carrying out loads: what is delivered, in which mode, and when a table is built anew."""

from collections import Counter
from typing import Any

import duckdb
import pytest

from fakes.memory_loader import MemoryLoader
from loads.conftest import LOADS, Deliveries
from loads.tables import FIELDS, SHOWN, FilledTable, all_rows, day, days, rows, without

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
