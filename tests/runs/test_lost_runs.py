"""Runs that nobody carries out, runs that never end, and databases that go away meanwhile."""

from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import text
from sqlalchemy.exc import IntegrityError, OperationalError

from fakes.work import WorkFake, fail_with, succeed
from headrace.db.engine import insist
from headrace.kit import clock
from headrace.kit.outcomes import Refused, SlowDown, TryLater
from headrace.rest.errors import NotFound
from headrace.runs import queries, scheduling, service
from headrace.runs import tasks as run_tasks
from headrace.runs.context import RunContext
from headrace.runs.kinds import RunKind, register
from headrace.runs.schemas import Scheduling

ATTEMPTS = 5  # the setting's default
HOURLY = Scheduling(interval="hour")


def _let_time_pass(work: WorkFake) -> None:
    """Let every admission lie longer ago than workers may be silent."""
    with work.step() as session:
        session.execute(text("UPDATE run SET admitted_at = admitted_at - interval '1 hour'"))


def _begin(work: WorkFake) -> tuple[int, dict[str, Any]]:
    run_id = work.queue(work.new_workspace(), 1)
    (job,) = work.admit()
    return run_id, job


# Runs without a job.


def test_an_admitted_run_whose_job_vanished_goes_on(work: WorkFake) -> None:  # F01
    run_id, _ = _begin(work)  # the job was fetched, and its worker never came to claim the run
    assert run_tasks.recover(work.resources) == 0  # it may yet
    _let_time_pass(work)
    assert run_tasks.recover(work.resources) == 1
    assert work.run(run_id).attempt == 0  # it never began
    assert work.try_until_it_ends(run_id).status == "succeeded"


def test_a_running_run_whose_job_ended_without_a_word_goes_on(work: WorkFake) -> None:
    run_id, job = _begin(work)

    def be_interrupted(_: RunContext) -> None:
        raise KeyboardInterrupt

    work.doing = be_interrupted
    with pytest.raises(KeyboardInterrupt):
        work.carry_out(job)
    assert work.run(run_id).status == "running"
    _let_time_pass(work)
    assert run_tasks.recover(work.resources) == 1
    work.doing = succeed
    assert work.try_until_it_ends(run_id).status == "succeeded"


def test_a_run_whose_job_waits_for_a_worker_is_left_alone(work: WorkFake) -> None:
    run_id = work.queue(work.new_workspace(), 1)
    with work.step() as session:
        scheduling.admit(session, work.resources)
    _let_time_pass(work)
    assert run_tasks.recover(work.resources) == 0
    assert work.run(run_id).status == "admitted"


def test_a_run_that_kills_its_workers_is_given_up(work: WorkFake) -> None:  # F01
    def die(_: RunContext) -> None:
        raise KeyboardInterrupt

    work.doing = die
    run_id = work.queue(work.new_workspace(), 1)
    for _ in range(ATTEMPTS):
        (job,) = work.admit()
        with pytest.raises(KeyboardInterrupt):
            work.carry_out(job)
        _let_time_pass(work)
        assert run_tasks.recover(work.resources) == 1
    run = work.try_until_it_ends(run_id)
    assert (run.status, run.error_class) == ("failed", "TryLater")
    assert "worker died" in (run.error_text or "")
    assert len(work.carried_out) == ATTEMPTS
    assert len(work.failures) == 1


def test_progress_gives_a_run_its_attempts_back(work: WorkFake) -> None:
    windows, tries = 3, ATTEMPTS - 1
    asked = []

    def with_trouble(context: RunContext) -> None:
        with context.step() as session:
            known = queries.windows(session, context.run_id)
            planned = known or service.plan(session, context.run_id, [None] * windows)
            todo = [one for one in planned if not one.is_done]
        asked.append(len(todo))
        if len(asked) % tries:
            raise TryLater("no answer")
        with context.step() as session:
            service.finish_window(session, context.hold(session), todo[0].id, rows=1)
        if len(todo) > 1:
            raise TryLater("no answer")
        succeed(context)

    work.doing = with_trouble
    run = work.try_until_it_ends(work.queue(work.new_workspace(), 1))
    assert run.status == "succeeded"
    assert len(asked) == windows * tries


# Waiting without end.


@pytest.mark.parametrize("seconds", [0.0, -5.0, 1e300, float("inf"), float("nan")])
def test_a_wait_no_source_can_mean_is_brought_within_reason(
    seconds: float, work: WorkFake
) -> None:  # F04
    work.doing = fail_with(SlowDown("limit", after_seconds=seconds))
    run_id, job = _begin(work)
    work.carry_out(job)
    run = work.run(run_id)
    assert run.status == "waiting"
    with work.step() as session:
        left = run.due_at - queries.database_now(session)
    assert timedelta(0) < left <= timedelta(days=1)


def test_a_limit_that_never_ends_fails_the_run(work: WorkFake) -> None:  # F04
    work.doing = fail_with(SlowDown("limit", after_seconds=60))
    run_id, job = _begin(work)
    work.carry_out(job)
    with work.step() as session:
        session.execute(text("UPDATE run SET started_at = started_at - interval '4 days'"))
    run = work.try_until_it_ends(run_id)
    assert run.status == "failed"
    assert run.error_text == "limit It has been so for 3 days."
    assert len(work.failures) == 1


# Failures beside the work.


def test_a_failure_that_cannot_be_shown_ends_the_run_all_the_same(work: WorkFake) -> None:
    def broken(*_: object) -> None:
        raise ZeroDivisionError

    register(RunKind(work.kind, carry_out=fail_with(Refused("no")), failed=broken))
    run_id, job = _begin(work)
    work.carry_out(job)
    assert (work.run(run_id).status, work.run(run_id).error_text) == ("failed", "no")


def test_one_broken_schedule_does_not_stop_the_others(work: WorkFake) -> None:
    scope = work.new_workspace()

    def due(session: Any, of: Any, subject_id: str, rule: dict[str, Any]) -> None:
        if subject_id == "broken":
            session.execute(text("INSERT INTO workspace (agency_id, title) VALUES (-1, 'x')"))
        work.queue_in(session, of, subject_id)

    register(RunKind(work.kind, carry_out=succeed, failed=work._failed, due=due))
    with work.step() as session:
        for subject in ("1", "broken", "2"):
            service.set_schedules(session, scope, work.kind, subject, [HOURLY])
    with clock.shifted(timedelta(hours=1)):
        with work.step() as session:
            assert scheduling.fire_schedules(session) == 3
        with work.step() as session:
            assert scheduling.fire_schedules(session) == 0
            started = session.scalars(text("SELECT subject_id FROM run ORDER BY 1")).all()
    assert started == ["1", "2"]


def test_steps_are_repeated_until_the_database_answers() -> None:  # F39
    tried = []

    def step() -> str:
        tried.append(None)
        if len(tried) < 3:
            raise OperationalError("SELECT 1", {}, Exception("the connection is lost"))
        return "done"

    assert insist(step) == "done"
    assert len(tried) == 3


def test_steps_that_are_wrong_are_not_repeated() -> None:
    def step() -> None:
        raise IntegrityError("INSERT", {}, Exception("it is there already"))

    with pytest.raises(IntegrityError):
        insist(step)


def test_a_run_whose_subject_was_deleted_is_cancelled(work: WorkFake) -> None:  # F14
    work.doing = fail_with(NotFound("Extract"))
    scope = work.new_workspace()
    run_id = work.queue(scope, 1)
    run = work.try_until_it_ends(run_id)
    assert (run.status, run.attempt, run.error_text) == ("cancelled", 0, None)
    with work.step() as session:
        assert [one.outcome for one in queries.attempts(session, scope, run_id)] == ["cancelled"]
    assert work.failures == []  # there is nothing left to show it at
