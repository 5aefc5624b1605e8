"""What a queue of one connection, or a request that holds a run, must not do to other runs."""

from sqlalchemy import select, text

from fakes.work import WorkFake
from headrace.runs.models import Run, RunStatus

PER_WORKSPACE, PER_KEY = 8, 2  # the settings' defaults


def test_a_queue_at_one_connection_leaves_the_others_their_places(work: WorkFake) -> None:  # F17
    scope = work.new_workspace()
    for subject in range(3 * PER_WORKSPACE):
        work.queue(scope, subject, limit_key="connection:1")
    behind = work.queue(scope, "behind", limit_key="connection:2")
    admitted = {job["run_id"] for job in work.admit()}
    assert behind in admitted
    assert len(admitted) == PER_KEY + 1


def test_runs_under_way_count_before_those_that_wait(work: WorkFake) -> None:
    scope = work.new_workspace()
    for subject in range(PER_WORKSPACE - 1):
        work.queue(scope, subject)
    assert len(work.admit()) == PER_WORKSPACE - 1
    urgent = [work.queue(scope, f"urgent {number}", priority=9) for number in range(3)]
    assert [job["run_id"] for job in work.admit()] == urgent[:1]


def test_a_run_that_a_request_holds_waits_for_the_next_turn(work: WorkFake) -> None:
    scope = work.new_workspace()
    held, free = work.queue(scope, 1), work.queue(scope, 2)
    with work.step() as request:
        request.execute(select(Run.id).where(Run.id == held).with_for_update())
        assert [job["run_id"] for job in work.admit()] == [free]
    assert [job["run_id"] for job in work.admit()] == [held]


def test_of_two_runs_put_off_in_one_lane_one_begins(work: WorkFake) -> None:
    scope = work.new_workspace()
    first = work.queue(scope, 1)
    work.admit()
    with work.step() as session:
        session.execute(text("UPDATE run SET status = 'waiting'"))
        session.execute(
            text("UPDATE run SET due_at = now() + interval '1 hour' WHERE id = :id"), {"id": first}
        )
    second = work.queue(scope, 1)
    assert [job["run_id"] for job in work.admit()] == [second]
    with work.step() as session:
        session.execute(text("UPDATE run SET status = 'waiting'"))
    third = work.queue(scope, 1)
    work.make_due()
    assert len(work.admit()) == 1
    statuses = [work.run(item).status for item in (first, second, third)]
    assert sorted(statuses) == [RunStatus.ADMITTED, RunStatus.WAITING, RunStatus.WAITING]
