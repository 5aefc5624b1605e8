"""A limit of the other side stops what it names, for as long as it says, and nothing else."""

import math
from datetime import timedelta
from typing import Any

import pytest
from sqlalchemy import select, text

from fakes.work import WorkFake, fail_with
from headrace.kit import clock
from headrace.kit.outcomes import Pauses, SlowDown
from headrace.runs import history, pauses, queries
from headrace.runs.models import Pause, Run
from headrace.tenancy.scope import bound

APP, OTHER_APP = "app:facebook:one", "app:facebook:two"
KEYS: dict[str, Any] = {
    "limit_key": "connection:1",
    "credential_key": "credential:facebook:a",
    "system_key": APP,
    "account_key": "account:1",
}


def _meet_limit(work: WorkFake, run_id: int, of: Pauses | None, seconds: float = 600) -> None:
    work.doing = fail_with(SlowDown("Too many calls, says the source.", seconds, of))
    (job,) = [job for job in work.admit() if job["run_id"] == run_id]
    work.carry_out(job)


def _in_force(work: WorkFake) -> dict[str, str]:
    with work.step() as session:
        return {row.key: row.reason for row in session.scalars(select(Pause))}


@pytest.mark.parametrize(
    ("of", "stays"),
    [
        (None, {"same account", "same authorization", "same app", "elsewhere"}),
        (Pauses.ACCOUNT, {"same authorization", "same app", "elsewhere"}),
        (Pauses.CREDENTIAL, {"same app", "elsewhere"}),
        (Pauses.APP, {"elsewhere"}),
    ],
)
def test_a_limit_pauses_exactly_what_it_is_of(  # F04
    work: WorkFake, of: Pauses | None, stays: set[str]
) -> None:
    scope, other = work.new_workspace(), work.new_workspace()
    hit = work.queue(scope, "hit", **KEYS)
    _meet_limit(work, hit, of)
    work.queue(scope, "same account", **KEYS)
    work.queue(scope, "same authorization", **KEYS | {"account_key": "account:2"})
    different = {"limit_key": "connection:2", "credential_key": "credential:facebook:b"}
    work.queue(other, "same app", **KEYS | different | {"account_key": "account:3"})
    work.queue(
        other, "elsewhere", **KEYS | different | {"account_key": None, "system_key": OTHER_APP}
    )
    begun = {work.run(job["run_id"]).subject_id for job in work.admit()}
    assert begun == stays
    run = work.run(hit)
    assert (run.status, run.attempt) == ("waiting", 0)
    assert run.error_text == "Too many calls, says the source."
    assert run.due_at > clock.now() + timedelta(seconds=500)


def test_a_pause_ends_by_itself(work: WorkFake) -> None:  # F04
    scope = work.new_workspace()
    hit = work.queue(scope, "hit", **KEYS)
    _meet_limit(work, hit, Pauses.APP)
    work.queue(scope, "next", **KEYS)
    assert work.admit() == []
    with work.step() as session:
        session.execute(text("UPDATE pause SET until = now() - interval '1 millisecond'"))
    assert len(work.admit()) == 1  # the one that was hit has a due time of its own


def test_of_two_pauses_the_later_end_counts(work: WorkFake) -> None:
    scope = work.new_workspace()
    with work.step() as session:
        now = queries.database_now(session)
        run = session.get_one(Run, work.queue(scope, "a", **KEYS))
        for seconds in (60, 900, 30):
            until = now + timedelta(seconds=seconds)
            pauses.pause(session, run, SlowDown("", seconds, Pauses.APP), until)
        assert session.get_one(Pause, APP).until == now + timedelta(seconds=900)


def test_the_reason_is_known_to_those_who_wait_and_says_nothing_of_others(work: WorkFake) -> None:
    scope, other = work.new_workspace(), work.new_workspace()
    _meet_limit(work, work.queue(scope, "hit", **KEYS), Pauses.APP)
    waiting = work.queue(other, "waiting", **KEYS)
    free = work.queue(other, "free", system_key=OTHER_APP)
    with work.step() as session:
        found = pauses.pause_of(session, session.get_one(Run, waiting))
        assert pauses.pause_of(session, session.get_one(Run, free)) is None
    assert found is not None
    assert found.key == APP
    assert "application" in found.reason
    assert "says the source" not in found.reason
    with work.step() as session, bound(session, other):
        shown = history.detail(session, other, waiting)
        assert shown["error_text"].startswith(f"{found.reason} It goes on at ")
        assert history.detail(session, other, free)["error_text"] is None


def test_where_there_is_no_such_key_the_next_narrower_is_paused(work: WorkFake) -> None:
    scope = work.new_workspace()
    hit = work.queue(scope, "hit", limit_key="connection:1")
    _meet_limit(work, hit, Pauses.APP)
    assert set(_in_force(work)) == {"connection:1"}


def test_an_account_without_a_key_pauses_nothing_but_the_run(work: WorkFake) -> None:
    _meet_limit(work, work.queue(work.new_workspace(), "hit"), Pauses.ACCOUNT)
    assert _in_force(work) == {}


@pytest.mark.parametrize(
    ("asked", "given"),
    [
        (0, 1),
        (-5, 1),
        (90, 90),
        (1e12, 86_400),
        (math.inf, 86_400),
        (-math.inf, 1),
        (math.nan, 60),
    ],
)
def test_insane_waits_are_bounded(asked: float, given: float) -> None:  # F04
    assert pauses.bounded(asked) == timedelta(seconds=given)


def test_a_machine_whose_clock_is_an_hour_off_pauses_no_longer(work: WorkFake) -> None:  # F16
    hit = work.queue(work.new_workspace(), "hit", **KEYS)
    with work.step() as session:
        now = queries.database_now(session)
    with clock.shifted(timedelta(hours=1)):
        _meet_limit(work, hit, Pauses.APP, seconds=60)
    with work.step() as session:
        ends = session.get_one(Pause, APP).until
    assert timedelta(seconds=60) <= ends - now < timedelta(seconds=120)
    assert work.run(hit).due_at == ends
