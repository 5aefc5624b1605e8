"""Runs in flight that people cancel and pause, failed ones they replay, and what histories show."""

import threading
from collections.abc import Iterator
from datetime import timedelta
from typing import Any

import pytest

from fakes.work import WorkFake, fail_with, succeed
from headrace.access.permissions import Permission
from headrace.kit import clock
from headrace.kit.outcomes import Refused, SlowDown, TryLater
from headrace.rest.errors import NotFound
from headrace.runs import control, history, queries, service, watching
from headrace.runs.context import RunContext
from headrace.runs.control import Controlled
from headrace.runs.control_queries import Lost
from headrace.runs.errors import AlreadyRunning, RunFinished, RunNotFailed, RunsEndByThemselves
from headrace.tenancy.scope import WorkspaceScope


@pytest.fixture
def people(work: WorkFake) -> Iterator[WorkFake]:
    """The fake's kind of runs, as one that people control."""
    control.allow(Controlled(work.kind, Permission.EXTRACT_RUN, lambda *_: None))
    yield work
    control._CONTROLLED.pop(work.kind)


def _cancel(work: WorkFake, scope: WorkspaceScope, run_id: int) -> dict[str, Any]:
    with work.step() as session:
        return control.cancel(session, scope, run_id)


def _detail(work: WorkFake, scope: WorkspaceScope, run_id: int) -> dict[str, Any]:
    with work.step() as session:
        return history.detail(session, scope, run_id)


def _retry(work: WorkFake, scope: WorkspaceScope, run_id: int) -> dict[str, Any]:
    with work.step() as session:
        return control.retry(session, scope, run_id)


# Cancelling.


def test_a_run_that_waits_for_its_source_notices_that_it_was_cancelled(people: WorkFake) -> None:
    scope = people.new_workspace()
    run_id = people.queue(scope, 1)
    met: list[str] = []

    def read_for_hours(context: RunContext) -> None:
        ended = threading.Event()
        with context.watch.ended_by(ended.set):
            _cancel(people, scope, run_id)
            watching.look(people.resources.sessions)
            assert ended.wait(10)
            met.append("ended")
            context.watch.check()
        raise AssertionError("the run went on")

    people.doing = read_for_hours
    (job,) = people.admit()
    people.carry_out(job)
    detail = _detail(people, scope, run_id)
    assert met == ["ended"]
    assert detail["status"] == "cancelled"
    assert [one["outcome"] for one in detail["attempts"]] == ["cancelled"]
    assert people.failures == []


def test_what_ended_cannot_be_cancelled_and_foreign_runs_are_not_there(people: WorkFake) -> None:
    scope, other = people.new_workspace(), people.new_workspace()
    run_id = people.queue(scope, 1)
    with pytest.raises(NotFound):
        _cancel(people, other, run_id)
    assert people.try_until_it_ends(run_id).status == "succeeded"
    with pytest.raises(RunFinished):
        _cancel(people, scope, run_id)


def test_runs_that_others_wait_for_end_by_themselves(work: WorkFake) -> None:
    scope = work.new_workspace()
    run_id = work.queue(scope, 1)
    with pytest.raises(RunsEndByThemselves):
        _cancel(work, scope, run_id)
    assert work.run(run_id).status == "waiting"


# Pausing.


def _pause(work: WorkFake, scope: WorkspaceScope, *, is_paused: bool) -> None:
    with work.step() as session:
        service.pause(session, scope, work.kind, 1, is_paused=is_paused)


def test_a_paused_run_stops_between_its_windows_and_goes_on_there(people: WorkFake) -> None:  # F14
    scope = people.new_workspace()
    done: list[int] = []

    def three_windows(context: RunContext) -> None:
        with context.step() as session:
            known = queries.windows(session, context.run_id)
            windows = known or service.plan(session, context.run_id, [None] * 3)
        for window in windows:
            if not window.is_done:
                context.stop_if_asked()
                if not done:
                    _pause(people, scope, is_paused=True)
                with context.step() as session:
                    service.finish_window(session, context.hold(session), window.id, rows=1)
                done.append(window.position)
        succeed(context)

    people.doing = three_windows
    run_id = people.queue(scope, 1)
    (job,) = people.admit()
    people.carry_out(job)
    run = people.run(run_id)
    assert (done, run.status, run.attempt, run.retries) == ([0], "paused", 0, 0)
    people.make_due()
    assert people.admit() == []
    _pause(people, scope, is_paused=False)
    assert people.try_until_it_ends(run_id).status == "succeeded"
    assert done == [0, 1, 2]
    detail = _detail(people, scope, run_id)
    assert [one["outcome"] for one in detail["attempts"]] == ["paused", "succeeded"]


def test_runs_that_wait_are_held_with_what_they_are_of(people: WorkFake) -> None:  # F14
    scope = people.new_workspace()
    run_id = people.queue(scope, 1)
    (job,) = people.admit()  # a worker is about to take it
    _pause(people, scope, is_paused=True)
    people.carry_out(job)
    assert (people.run(run_id).status, people.carried_out) == ("paused", [])
    _pause(people, scope, is_paused=False)
    assert people.try_until_it_ends(run_id).status == "succeeded"


def test_a_held_run_gives_way_to_a_fresh_one(people: WorkFake) -> None:  # F14
    scope = people.new_workspace()
    held = people.queue(scope, 1)
    _pause(people, scope, is_paused=True)
    fresh = people.queue(scope, 1)
    _pause(people, scope, is_paused=False)
    assert [people.run(each).status for each in (held, fresh)] == ["cancelled", "waiting"]


# Taking too long.


def test_an_attempt_without_progress_is_ended_and_tried_again(work: WorkFake) -> None:  # F21
    scope = work.new_workspace()
    run_id = work.queue(scope, 1)

    def hang(context: RunContext) -> None:
        context.watch.moved_at -= 2 * 3600
        watching.look(work.resources.sessions)
        context.watch.check()

    work.doing = hang
    (job,) = work.admit()
    work.carry_out(job)
    run = work.run(run_id)
    assert (run.status, run.attempt, run.error_class) == ("waiting", 1, "TryLater")
    assert "Nothing came for 60 minutes" in (run.error_text or "")
    work.doing = succeed
    assert work.try_until_it_ends(run_id).status == "succeeded"


def test_progress_is_no_excuse_for_an_attempt_without_end(work: WorkFake) -> None:
    run_id = work.queue(work.new_workspace(), 1)

    def crawl(context: RunContext) -> None:
        context.watch.began_at -= 13 * 3600
        watching.look(work.resources.sessions)
        context.watch.progressed(1)

    work.doing = crawl
    (job,) = work.admit()
    work.carry_out(job)
    assert "One attempt took longer than 720 minutes" in (work.run(run_id).error_text or "")


def test_a_thread_that_does_not_come_back_loses_its_run(work: WorkFake) -> None:  # F21
    run_id = work.queue(work.new_workspace(), 1)
    seen: list[str] = []

    def never_look(context: RunContext) -> None:
        context.watch.moved_at -= 2 * 3600
        watching.look(work.resources.sessions)
        assert context.watch.stopped_at is not None
        context.watch.stopped_at -= 3600
        watching.look(work.resources.sessions)
        seen.append(work.run(run_id).status)
        succeed(context)  # too late

    work.doing = never_look
    (job,) = work.admit()
    work.carry_out(job)
    assert seen == ["waiting"]
    assert (work.run(run_id).status, work.run(run_id).attempt) == ("waiting", 1)


# Replaying what failed.


def test_a_failed_run_is_the_dead_letter_and_can_be_replayed(people: WorkFake) -> None:  # F18
    scope = people.new_workspace()
    people.doing = fail_with(Refused("no such account"))
    run_id = people.queue(scope, 1, params={"date_from": "2026-01-01"})
    assert people.try_until_it_ends(run_id).status == "failed"
    failed = _detail(people, scope, run_id)
    assert failed["next_step"] == "Put right what the message says, then replay the run."
    people.doing = succeed
    again = _retry(people, scope, run_id)
    assert (again["replays_run_id"], again["trigger"]) == (run_id, "replay")
    assert people.try_until_it_ends(again["id"]).status == "succeeded"
    assert people.run(again["id"]).params == {"date_from": "2026-01-01"}
    assert people.run(run_id).status == "failed"
    with pytest.raises(RunNotFailed):
        _retry(people, scope, again["id"])


def test_a_run_under_way_keeps_others_of_its_subject_from_being_replayed(
    people: WorkFake,
) -> None:
    scope = people.new_workspace()
    people.doing = fail_with(Refused("no"))
    run_id = people.queue(scope, 1)
    people.try_until_it_ends(run_id)
    people.queue(scope, 1)
    with pytest.raises(AlreadyRunning):
        _retry(people, scope, run_id)


def test_many_are_replayed_at_once_but_none_that_ran_again_since(people: WorkFake) -> None:  # F18
    scope, other = people.new_workspace(), people.new_workspace()
    people.doing = fail_with(TryLater("no answer"))
    failed = {subject: people.queue(scope, subject) for subject in (1, 2, 3)}
    foreign = people.queue(other, 4)
    for run_id in (*failed.values(), foreign):
        people.try_until_it_ends(run_id)
    people.doing = succeed
    people.try_until_it_ends(people.queue(scope, 3))  # is well again
    with people.step() as session:
        none = control.replay(session, scope, Lost(people.kind, error_class="Refused"))
        late = control.replay(
            session, scope, Lost(people.kind, since=clock.now() + timedelta(hours=1))
        )
        done = control.replay(session, scope, Lost(people.kind))
        twice = control.replay(session, scope, Lost(people.kind))
    assert none["started"] == late["started"] == twice["started"] == []
    assert [one["replays_run_id"] for one in done["started"]] == [failed[1], failed[2]]
    for one in done["started"]:
        assert people.try_until_it_ends(one["run_id"]).status == "succeeded"


# What histories show.


def test_a_history_tells_of_attempts_waits_and_workers(people: WorkFake) -> None:
    scope = people.new_workspace()
    outcomes = iter([SlowDown("too many calls", 5), TryLater("no answer")])

    def in_the_end(context: RunContext) -> None:
        error = next(outcomes, None)
        if error is not None:
            raise error
        succeed(context)

    people.doing = in_the_end
    run_id = people.queue(scope, 1)
    people.try_until_it_ends(run_id)
    detail = _detail(people, scope, run_id)
    told = [(one["outcome"], one["error_text"]) for one in detail["attempts"]]
    assert told == [
        ("put_off", "too many calls"),
        ("tried_again", "no answer"),
        ("succeeded", None),
    ]
    assert {one["worker"] for one in detail["attempts"]} == {watching.worker_name()}
    assert detail["waits"] == 2
    assert detail["seconds_queued"] > 0


def test_progress_shows_before_anything_is_stored(work: WorkFake) -> None:
    scope = work.new_workspace()
    run_id = work.queue(scope, 1)
    shown: list[dict[str, Any]] = []

    def read_on(context: RunContext) -> None:
        context.watch.progressed(4000)
        context.watch.progressed(123)
        watching.look(work.resources.sessions)
        shown.append(_detail(work, scope, run_id))
        succeed(context)

    work.doing = read_on
    (job,) = work.admit()
    work.carry_out(job)
    assert (shown[0]["progress_rows"], shown[0]["rows_read"]) == (4123, 0)
    assert shown[0]["attempts"][-1]["ended_at"] is None
    assert _detail(work, scope, run_id)["progress_rows"] == 0


@pytest.mark.parametrize(
    ("status", "states"),
    [
        ("running", ["done", "reading", "waiting"]),
        ("waiting", ["done", "waiting", "waiting"]),
        ("failed", ["done", "failed", "not_read"]),
        ("cancelled", ["done", "not_read", "not_read"]),
    ],
)
def test_windows_say_where_they_stand(status: str, states: list[str]) -> None:
    assert history.window_states([True, False, False], status) == states


def test_a_dead_workers_attempt_is_told_of(work: WorkFake) -> None:  # F01
    scope = work.new_workspace()
    run_id = work.queue(scope, 1)

    def die(context: RunContext) -> None:
        with work.step() as session:
            queries.put_back(session, run_id, context.fence)

    work.doing = die
    (job,) = work.admit()
    work.carry_out(job)
    work.doing = succeed
    work.try_until_it_ends(run_id)
    outcomes = [one["outcome"] for one in _detail(work, scope, run_id)["attempts"]]
    assert outcomes == ["worker_died", "succeeded"]
