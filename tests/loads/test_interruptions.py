"""What is left when a load fails or its worker dies, and how the next run goes on."""

import pytest

from fakes.callers import take_jobs
from fakes.memory_loader import MemoryLoader, WorkerDied
from headrace.db.engine import transaction
from headrace.kit.outcomes import Reauthorize, Refused
from headrace.runs import queries as run_queries
from headrace.runs import scheduling
from headrace.runs import tasks as run_tasks
from headrace.table_store import live_segments
from loads.conftest import Deliveries
from loads.tables import SHOWN, FilledTable, all_rows, days, rows


def interrupted(deliveries: Deliveries) -> None:
    """Let the one waiting run begin, its worker die, and another worker take it over."""
    resources = deliveries.workspace.resources
    with transaction(resources.sessions) as session:
        assert scheduling.admit(session, resources) == 1
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


def test_a_paused_load_stops_between_units_and_goes_on(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F14 F29
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    memory.take_units()
    for account in ("one", "three", "two"):
        table.fill(days(10, 10), [(10, "n", 1), (10, "n", 2)], account)
    memory.during_write = lambda: deliveries.ask(load_id, "pause")
    deliveries.ask(load_id)

    deliveries.workspace.run_everything()
    assert len(memory.take_units()) == 1
    assert deliveries.load(load_id)["status"] == "paused"
    assert deliveries.runs(load_id)[0]["status"] == "paused"

    deliveries.ask(load_id, "unpause")
    deliveries.workspace.run_everything()
    assert len(memory.take_units()) == 2
    done = deliveries.load(load_id)
    assert (done["status"], done["uploaded_rows_count"]) == ("synced", 6)
    assert deliveries.runs(load_id)[0]["retries"] == 0


def test_a_load_that_is_cancelled_while_it_writes_leaves_whole_units(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F25
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    table.fill(days(10, 10), [(10, "n", 1)], "one")
    deliveries.ask(load_id)
    run_id = deliveries.runs(load_id)[0]["id"]
    cancel = f"/api/v3/runs/{run_id}/cancel"
    memory.during_write = lambda: deliveries.workspace.post(cancel, status=200)

    deliveries.workspace.run_everything()
    assert deliveries.runs(load_id)[0]["status"] == "cancelled"
    assert memory.counted("ads", *SHOWN) == all_rows()
    again = deliveries.workspace.post(f"/api/v3/runs/{run_id}/retry", status=200)
    deliveries.workspace.run_everything()
    assert deliveries.runs(load_id)[0]["id"] == again["id"]
    assert memory.counted("ads", *SHOWN) == all_rows() + rows("one", (10, "n", 1))


def test_a_worker_taken_for_dead_commits_nothing_when_it_comes_back(
    deliveries: Deliveries, table: FilledTable, memory: MemoryLoader
) -> None:  # F01
    load_id = deliveries.create(table)
    deliveries.deliver(load_id)
    table.fill(days(10, 10), [(10, "old", 1)], "one")
    deliveries.ask(load_id)
    resources = deliveries.workspace.resources
    with transaction(resources.sessions) as session:
        assert scheduling.admit(session, resources) == 1
        (job,) = take_jobs(session)

    def fall_silent() -> None:
        with transaction(resources.sessions) as session:
            run_queries.put_back(session, job["run_id"], job["fence"])
        table.fill(days(10, 10), [(10, "new", 2)], "one")
        deliveries.workspace.run_everything()
        assert deliveries.load(load_id)["status"] == "synced"

    memory.during_write = fall_silent
    run_tasks.carry_out(resources, **job)

    assert memory.counted("ads", *SHOWN) == all_rows() + rows("one", (10, "new", 2))


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
        assert scheduling.admit(session, resources) == 2
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
