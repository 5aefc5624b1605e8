"""Schedules start runs: each due time once, whoever looks, and what was missed only once."""

from concurrent.futures import ThreadPoolExecutor
from datetime import UTC, datetime, timedelta
from typing import Any

import pytest
from pydantic import ValidationError
from sqlalchemy import select, text

from fakes.work import WorkFake
from headrace.kit import clock
from headrace.runs import admission, scheduling, service
from headrace.runs.models import Run, ScheduleRow
from headrace.runs.schemas import Scheduling
from headrace.tenancy.scope import WorkspaceScope

HOURLY = Scheduling(interval="hour")
DAILY = Scheduling(interval="day", hours=6)


def _give(work: WorkFake, scope: WorkspaceScope, subject: object, *rules: Scheduling) -> None:
    with work.step() as session:
        service.set_schedules(session, scope, work.kind, subject, list(rules))


def _due_at(work: WorkFake) -> list[datetime]:
    with work.step() as session:
        return list(session.scalars(select(ScheduleRow.due_at).order_by(ScheduleRow.id)))


def _fire(work: WorkFake) -> int:
    with work.step() as session:
        return scheduling.fire_schedules(session)


def _run_count(work: WorkFake) -> int:
    with work.step() as session:
        return len(session.scalars(select(Run.id)).all())


def test_a_schedule_fires_when_it_is_due_and_moves_on(work: WorkFake) -> None:
    scope = work.new_workspace()
    _give(work, scope, 1, HOURLY)
    assert _fire(work) == 0
    (due,) = _due_at(work)
    with clock.shifted(due - clock.now() + timedelta(seconds=1)):
        assert _fire(work) == 1
        assert _fire(work) == 0
        assert _due_at(work) == [due + timedelta(hours=1)]
    assert work.fired == [(scope.workspace_id, "1")]
    with work.step() as session:
        run = session.scalars(select(Run)).one()
    assert (run.trigger, run.params["interval"]) == ("schedule", "hour")


def test_what_was_missed_is_made_up_once(work: WorkFake) -> None:  # F13
    _give(work, work.new_workspace(), 1, HOURLY)
    (due,) = _due_at(work)
    with clock.shifted(timedelta(days=3)):
        assert _fire(work) == 1
        assert _fire(work) == 0
        assert _due_at(work)[0] > clock.now()
    assert _run_count(work) == 1
    assert (_due_at(work)[0] - due).total_seconds() % 3600 == 0


def test_a_schedule_that_fires_while_its_run_waits_joins_it(work: WorkFake) -> None:  # F14
    scope = work.new_workspace()
    _give(work, scope, 1, HOURLY, DAILY)
    with clock.shifted(timedelta(days=2)):
        assert _fire(work) == 2
    assert _run_count(work) == 1


def test_each_due_time_fires_once_with_several_schedulers(work: WorkFake) -> None:  # F15
    scopes = [work.new_workspace() for _ in range(4)]
    for number in range(80):
        _give(work, scopes[number % 4], number, HOURLY)
    with clock.shifted(timedelta(hours=1)):
        with ThreadPoolExecutor(5) as schedulers:
            counts = list(schedulers.map(lambda _: _fire(work), range(10)))
        assert _fire(work) == 0
    assert sum(counts) == 80
    assert sorted(subject for _, subject in work.fired) == sorted(str(n) for n in range(80))
    assert _run_count(work) == 80


def test_a_scheduler_that_dies_gives_its_schedules_back(work: WorkFake) -> None:  # F15
    _give(work, work.new_workspace(), 1, HOURLY)
    with clock.shifted(timedelta(hours=1)):
        with pytest.raises(KeyboardInterrupt):
            _fire_and_die(work)
        assert _run_count(work) == 0
        assert _fire(work) == 1
    assert _run_count(work) == 1


def _fire_and_die(work: WorkFake) -> None:
    with work.step() as session:
        assert scheduling.fire_schedules(session) == 1
        raise KeyboardInterrupt


def test_one_scheduler_does_not_wait_for_another(work: WorkFake) -> None:  # F15
    _give(work, work.new_workspace(), 1, HOURLY)
    _give(work, work.new_workspace(), 2, HOURLY)
    with clock.shifted(timedelta(hours=1)):
        with work.step() as session:
            held = admission.take_due_schedules(session, clock.now(), 1)
            with work.step() as other:
                other.execute(text("SET LOCAL lock_timeout = '1ms'"))
                taken = admission.take_due_schedules(other, clock.now(), 10)
        assert {row.subject_id for row in (*held, *taken)} == {"1", "2"}
        assert len(taken) == 1


def test_paused_schedules_are_silent_and_go_on_from_now(work: WorkFake) -> None:
    scope = work.new_workspace()
    _give(work, scope, 1, HOURLY)
    with work.step() as session:
        service.pause_schedules(session, scope, work.kind, 1, is_paused=True)
    with clock.shifted(timedelta(days=1)):
        assert _fire(work) == 0
        with work.step() as session:
            service.pause_schedules(session, scope, work.kind, 1, is_paused=False)
        assert _fire(work) == 0  # what passed while it was paused is not made up
        assert _due_at(work)[0] > clock.now()
    with clock.shifted(timedelta(days=1, hours=2)):
        assert _fire(work) == 1


def test_new_schedules_replace_the_old_and_come_back_as_given(work: WorkFake) -> None:
    scope, other = work.new_workspace(), work.new_workspace()
    weekly = Scheduling(interval="week", days=2, timezone="Asia/Tokyo", recurrence=2)
    _give(work, scope, 1, HOURLY, DAILY)
    _give(work, other, 2, HOURLY)
    _give(work, scope, 1, weekly)
    with work.step() as session:
        (rule,) = service.schedules_of(session, scope, work.kind, 1)
        assert Scheduling.model_validate(rule) == weekly
        assert service.schedules_of(session, other, work.kind, 1) == []
        service.pause_schedules(session, other, work.kind, 1, is_paused=True)  # not theirs
        assert len(service.schedules_of(session, other, work.kind, 2)) == 1
        assert session.scalars(select(ScheduleRow.is_paused)).all() == [False, False]


def test_daily_is_at_its_hour_in_its_zone(work: WorkFake) -> None:
    _give(work, work.new_workspace(), 1, Scheduling(hours=6, timezone="Asia/Kolkata"))
    (due,) = _due_at(work)
    assert due.astimezone(UTC).strftime("%H:%M") == "00:30"


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"interval": "minute"}, "interval"),
        ({"hours": 24}, "hours"),
        ({"minutes": 60}, "minutes"),
        ({"interval": "week", "days": 7}, "days must be 0 to 6"),
        ({"interval": "month", "days": 31}, "days must be 0 to 30"),
        ({"interval": "day", "days": 1}, "days must be 0 to 0"),
        ({"interval": "hour", "recurrence": 24}, "1 to 23"),
        ({"recurrence": 0}, "recurrence"),
        ({"timezone": "Mars/Olympus"}, "IANA time zone"),
        ({"timezone": "../etc/passwd"}, "IANA time zone"),
        ({"lookback_window": {"name": "custom"}}, "days"),
        ({"lookback_window": {"name": "live", "days": 3}}, "custom"),
        ({"lookback_window": {"name": "custom", "days": 0}}, "days"),
    ],
)
def test_schedules_that_cannot_be_are_refused(given: dict[str, Any], says: str) -> None:  # F13
    with pytest.raises(ValidationError, match=says):
        Scheduling.model_validate(given)


def test_both_spellings_of_the_days_are_read() -> None:
    engine = {"date_range": {"type": "custom", "params": {"days": 5}}}
    ours = {"lookback_window": {"name": "custom", "days": 5}}
    assert Scheduling.model_validate(engine) == Scheduling.model_validate(ours)
