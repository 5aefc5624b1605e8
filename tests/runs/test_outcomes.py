"""How runs end, wait, are tried again, are taken over and cancelled."""

from datetime import date, timedelta
from typing import Any

import pytest
from sqlalchemy import text

from fakes.work import WorkFake, fail_with, succeed
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, SlowDown, TryLater
from headrace.runs import queries, scheduling, service
from headrace.runs import tasks as run_tasks
from headrace.runs.context import RunContext
from headrace.runs.errors import RunLost

ATTEMPTS = 5  # the setting's default
CANARY = "canary-91d2"


def _begin(work: WorkFake) -> tuple[int, dict[str, Any]]:
    run_id = work.queue(work.new_workspace(), 1)
    (job,) = work.admit()
    return run_id, job


@pytest.mark.parametrize("error", [Refused("no such account"), Reauthorize("sign in again")])
def test_some_failures_are_final_at_once(error: OutsideError, work: WorkFake) -> None:
    work.doing = fail_with(error)
    run_id, job = _begin(work)
    work.carry_out(job)
    run = work.run(run_id)
    assert (run.status, run.error_class, run.error_text) == (
        "failed",
        type(error).__name__,
        str(error),
    )
    assert run.finished_at is not None
    assert work.failures == [("1", error)]


def test_a_limit_lets_the_run_wait_without_counting_against_it(work: WorkFake) -> None:  # F04
    work.doing = fail_with(SlowDown("too many calls", after_seconds=90))
    run_id, job = _begin(work)
    work.carry_out(job)
    run = work.run(run_id)
    assert (run.status, run.attempt, run.error_text) == ("waiting", 0, "too many calls")
    with work.step() as session:
        left = run.due_at - queries.database_now(session)
    assert timedelta(seconds=30) < left <= timedelta(seconds=90)
    assert work.admit() == []
    assert work.failures == []
    work.doing = succeed
    run = work.try_until_it_ends(run_id)
    assert (run.status, run.error_class, run.error_text) == ("succeeded", None, None)


def test_limits_may_be_met_often(work: WorkFake) -> None:
    met = []

    def busy(context: RunContext) -> None:
        met.append(context.fence)
        if len(met) < ATTEMPTS * 3:
            raise SlowDown("later", after_seconds=1)
        succeed(context)

    work.doing = busy
    run_id = work.queue(work.new_workspace(), 1)
    assert work.try_until_it_ends(run_id).status == "succeeded"
    assert met == list(range(1, ATTEMPTS * 3 + 1))  # each admission has a fence of its own


def test_passing_faults_are_tried_again_and_then_given_up(work: WorkFake) -> None:  # F18
    work.doing = fail_with(TryLater("no answer"))
    run_id = work.queue(work.new_workspace(), 1)
    run = work.try_until_it_ends(run_id)
    assert (run.status, run.error_class, run.error_text) == ("failed", "TryLater", "no answer")
    assert len(work.carried_out) == ATTEMPTS
    assert len(work.failures) == 1
    again = work.queue(work.new_workspace(), 1)  # a failed run does not close its lane
    work.doing = succeed
    assert work.try_until_it_ends(again).status == "succeeded"


def test_pauses_between_attempts_grow(work: WorkFake) -> None:
    for attempt in range(1, 30):
        pauses = [run_tasks._pause(attempt).total_seconds() for _ in range(20)]
        longest = min(900.0, 2.0 * 2 ** (attempt - 1))
        assert all(longest / 2 <= pause <= longest for pause in pauses)
        assert len(set(pauses)) > 1


def test_a_defect_of_ours_is_tried_again_and_shows_nothing_inside(work: WorkFake) -> None:
    work.doing = fail_with(ZeroDivisionError(CANARY))
    run = work.try_until_it_ends(work.queue(work.new_workspace(), 1))
    assert run.status == "failed"
    assert CANARY not in (run.error_text or "")
    assert "the log has the details" in (run.error_text or "")


# Taking over.


def _take_over(work: WorkFake, job: dict[str, Any]) -> dict[str, Any]:
    """The worker fell silent: its run waits again and is admitted anew."""
    with work.step() as session:
        queries.put_back(session, job["run_id"], job["fence"])
    (again,) = work.admit()
    return again


def test_a_run_taken_over_leaves_the_old_worker_nothing(work: WorkFake) -> None:  # F01
    run_id, job = _begin(work)

    def lose(context: RunContext) -> None:
        with context.step() as session:
            context.hold(session).rows_written += 10
        _take_over(work, job)
        with pytest.raises(RunLost), context.step() as session:
            session.execute(text("UPDATE run SET rows_written = 99"))
        succeed(context)  # raises RunLost, too

    work.doing = lose
    work.carry_out(job)
    run = work.run(run_id)
    assert (run.status, run.fence, run.rows_written, run.retries) == ("admitted", 2, 10, 1)
    assert work.failures == []


@pytest.mark.parametrize(
    "error", [Refused("no"), TryLater("no"), SlowDown("no", 5), ZeroDivisionError("no")]
)
def test_a_lost_run_is_not_ended_by_the_loser(error: Exception, work: WorkFake) -> None:  # F01
    run_id, job = _begin(work)

    def lose(_: RunContext) -> None:
        _take_over(work, job)
        raise error

    work.doing = lose
    work.carry_out(job)
    run = work.run(run_id)
    assert (run.status, run.fence, run.attempt, run.error_text) == ("admitted", 2, 1, None)
    assert work.failures == []


def test_an_old_job_begins_nothing(work: WorkFake) -> None:
    run_id, old = _begin(work)
    new = _take_over(work, old)
    work.carry_out(old)
    assert work.carried_out == []
    work.carry_out(new)
    assert work.carried_out == ["1"]
    assert work.run(run_id).status == "succeeded"


def test_putting_back_twice_does_not_take_a_run_from_its_new_worker(work: WorkFake) -> None:
    run_id, old = _begin(work)
    _take_over(work, old)
    with work.step() as session:
        queries.put_back(session, old["run_id"], old["fence"])
    assert (work.run(run_id).status, work.run(run_id).fence) == ("admitted", 2)


def test_runs_of_silent_workers_are_recovered(work: WorkFake) -> None:  # F01, F16
    run_id = work.queue(work.new_workspace(), 1)
    alive = work.queue(work.new_workspace(), 2)
    with work.step() as session:
        scheduling.admit(session, work.resources)
    with work.step() as session:  # one worker took each job; one of them fell silent
        for subject, age in ((run_id, "1 hour"), (alive, "0 seconds")):
            session.execute(
                text(
                    "WITH worker AS (INSERT INTO procrastinate_workers (last_heartbeat) "
                    "VALUES (now() - CAST(:age AS interval)) RETURNING id) "
                    "UPDATE procrastinate_jobs SET status = 'doing', worker_id = worker.id "
                    "FROM worker WHERE (args ->> 'run_id')::bigint = :run_id"
                ),
                {"age": age, "run_id": subject},
            )
    assert run_tasks.recover(work.resources) == 1
    assert run_tasks.recover(work.resources) == 0
    assert [work.run(item).status for item in (run_id, alive)] == ["waiting", "admitted"]
    assert work.run(run_id).retries == 1
    jobs = work.admit()
    assert {"run_id": run_id, "fence": 2} in jobs


# Cancelling.


def test_a_cancelled_run_stops_at_its_next_step(work: WorkFake) -> None:
    scope = work.new_workspace()
    run_id = work.queue(scope, 1)
    (job,) = work.admit()

    def be_cancelled(context: RunContext) -> None:
        with work.step() as session:
            service.cancel(session, scope, work.kind, 1)
        succeed(context)

    work.doing = be_cancelled
    work.carry_out(job)
    run = work.run(run_id)
    assert run.status == "cancelled"
    assert run.finished_at is not None
    assert work.failures == []


def test_waiting_runs_are_cancelled_and_finished_ones_are_not(work: WorkFake) -> None:
    scope, other = work.new_workspace(), work.new_workspace()
    done = work.queue(scope, 1)
    work.try_until_it_ends(done)
    waiting = work.queue(scope, 1)
    foreign = work.queue(other, 2)
    with work.step() as session:
        service.cancel(session, scope, work.kind, 1)
        service.cancel(session, scope, work.kind, 2)  # of another workspace
    assert [work.run(item).status for item in (done, waiting, foreign)] == [
        "succeeded",
        "cancelled",
        "waiting",
    ]


# Windows, and what is kept.


def test_windows_are_planned_once_and_remember_what_is_done(work: WorkFake) -> None:
    run_id, job = _begin(work)
    day = DayRange(date(2026, 1, 1), date(2026, 1, 1))
    attempts: list[list[bool]] = []

    def in_windows(context: RunContext) -> None:
        with context.step() as session:
            known = queries.windows(session, context.run_id)
            windows = known or service.plan(session, context.run_id, [day, None, day])
            attempts.append([window.is_done for window in windows])
        with context.step() as session:
            run = context.hold(session)
            service.finish_window(session, run, windows[len(attempts) - 1].id, rows=7)
        if len(attempts) < 3:
            raise TryLater("half way")
        succeed(context)

    work.doing = in_windows
    work.carry_out(job)
    work.try_until_it_ends(run_id)
    assert attempts == [[False] * 3, [True, False, False], [True, True, False]]
    with work.step() as session:
        windows = queries.windows(session, run_id)
        assert [(window.date_from, window.rows) for window in windows] == [
            (date(2026, 1, 1), 7),
            (None, 7),
            (date(2026, 1, 1), 7),
        ]


def test_old_history_is_removed_with_its_windows_and_attempts(work: WorkFake) -> None:
    run_id, job = _begin(work)
    work.carry_out(job)
    waiting = work.queue(work.new_workspace(), 2)
    with work.step() as session:
        assert service.delete_history(session, timedelta(days=1)) == 0
    with clock.shifted(timedelta(days=2)), work.step() as session:
        assert service.delete_history(session, timedelta(days=1)) == 1
    with work.step() as session:
        ids = session.scalars(text("SELECT id FROM run")).all()
        attempts = session.scalars(text("SELECT count(*) FROM run_attempt")).one()
    assert (list(ids), attempts) == ([waiting], 0)
    assert run_id not in ids
