"""Schedules due together: spread, each due time once, whatever dies, by the database's clock."""

import signal
import subprocess
import sys
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import select, text

from fakes.clocks import skewed
from fakes.work import WorkFake
from headrace.kit.schedule import Interval, Schedule, spread
from headrace.runs import queries, scheduling, service
from headrace.runs.models import Run, ScheduleRow
from headrace.runs.schemas import Scheduling
from headrace.tenancy.scope import WorkspaceScope

DAILY = Scheduling(interval="day", hours=6)
HOURLY = Scheduling(interval="hour")
SPREAD_SECONDS = 60.0
_MAKE_DUE = text("UPDATE schedule SET due_at = now()")
_FIRES_AND_WAITS = """
import sys, time
from fakes.work import WorkFake
from headrace.rest.resources import open_resources
from headrace.runs import kinds, scheduling
from headrace.settings import load_settings

work = WorkFake(open_resources(load_settings(home=sys.argv[1]), sys.argv[2], threads=1))
work.kind = sys.argv[3]
kinds.register(kinds.RunKind(work.kind, work._do, work._failed, work._due))
with work.step() as session:
    print(scheduling.fire_schedules(session), flush=True)
    time.sleep(600)
"""


def _schedule_many(work: WorkFake, count: int) -> WorkspaceScope:
    scope = work.new_workspace()
    with work.step() as session:
        for number in range(count):
            service.set_schedules(session, scope, work.kind, number, [DAILY])
        session.execute(_MAKE_DUE)
    return scope


def _fire(work: WorkFake, spread_seconds: float = 0.0) -> int:
    with work.step() as session:
        return scheduling.fire_schedules(session, spread_seconds)


def _delays(work: WorkFake, since: datetime) -> dict[str, float]:
    """Seconds after a moment at which the run of each subject is due."""
    with work.step() as session:
        return {
            run.subject_id: (run.due_at - since).total_seconds()
            for run in session.scalars(select(Run))
        }


def test_those_due_together_begin_spread_over_a_minute(work: WorkFake) -> None:  # F17
    _schedule_many(work, 120)
    with work.step() as session:
        before = queries.database_now(session)
    assert _fire(work, SPREAD_SECONDS) == 120
    delays = sorted(_delays(work, before).values())
    assert delays[0] >= 0  # never before its time
    assert delays[-1] < SPREAD_SECONDS + 30
    by_quarter = [sum(15 * n <= delay < 15 * (n + 1) for delay in delays) for n in range(4)]
    assert all(count >= 10 for count in by_quarter), by_quarter


def test_a_schedule_begins_at_the_same_second_every_day(work: WorkFake) -> None:
    _schedule_many(work, 2)
    with work.step() as session:
        rows = session.scalars(select(ScheduleRow).order_by(ScheduleRow.id)).all()
        first = [service.spread_of(row, SPREAD_SECONDS) for row in rows]
        for row in rows:
            service.advance(row, row.due_at)
        assert [service.spread_of(row, SPREAD_SECONDS) for row in rows] == first
    assert first[0] != first[1]


@pytest.mark.parametrize(
    ("schedule", "most", "longest"),
    [
        (Schedule(Interval.HOUR), 3600, 36),
        (Schedule(Interval.HOUR, recurrence=6), 3600, 216),
        (Schedule(Interval.DAY), 60, 60),
        (Schedule(Interval.DAY), 3600, 864),
        (Schedule(Interval.MONTH), 3600, 3600),
        (Schedule(Interval.DAY), 0, 0),
    ],
)
def test_the_spread_is_even_and_short_beside_the_interval(
    schedule: Schedule, most: float, longest: float
) -> None:
    spreads = [spread(schedule, f"extract:{n}:0", most).total_seconds() for n in range(2000)]
    assert min(spreads) >= 0
    assert max(spreads) <= longest
    assert sum(spreads) / len(spreads) == pytest.approx(longest / 2, rel=0.1)


def test_a_run_that_waited_already_is_not_put_off_by_the_spread(work: WorkFake) -> None:
    scope = _schedule_many(work, 20)
    with work.step() as session:
        asked = [work.queue_in(session, scope, number) for number in range(5)]
    _fire(work, SPREAD_SECONDS)
    assert {job["run_id"] for job in work.admit()} >= set(asked)


def test_who_asks_for_a_run_now_does_not_wait_for_the_spread(work: WorkFake) -> None:
    scope = _schedule_many(work, 20)
    _fire(work, SPREAD_SECONDS)
    hurried = [work.queue(scope, number) for number in range(20)]
    with work.step() as session:
        assert all(service.is_busy(session, work.kind, number) for number in range(20))
        assert {session.get_one(Run, run_id).trigger for run_id in hurried} == {"schedule"}


def test_a_scheduler_that_is_killed_gives_its_schedules_back(  # F15
    work: WorkFake, tmp_path: Path, committed_database: str
) -> None:
    _schedule_many(work, 30)
    scheduler = subprocess.Popen(
        [sys.executable, "-c", _FIRES_AND_WAITS, str(tmp_path), committed_database, work.kind],
        stdout=subprocess.PIPE,
        text=True,
        cwd=Path(__file__).parents[1],
    )
    try:
        assert scheduler.stdout is not None
        assert scheduler.stdout.readline() == "30\n"  # all are fired, nothing is committed
        assert _fire(work) == 0  # another one leaves them alone meanwhile
    finally:
        scheduler.send_signal(signal.SIGKILL)
        scheduler.wait()
        assert scheduler.stdout is not None
        scheduler.stdout.close()
    for _ in range(100):  # until the database noticed
        if fired := _fire(work):
            break
    assert fired == 30
    assert _fire(work) == 0
    with work.step() as session:
        subjects = session.scalars(select(Run.subject_id)).all()
    assert sorted(subjects, key=int) == [str(number) for number in range(30)]


@pytest.mark.parametrize("hours", [-1, 1])
def test_machines_whose_clocks_are_an_hour_off_fire_when_it_is_time(  # F16
    work: WorkFake, hours: int
) -> None:
    scope = work.new_workspace()
    with skewed(timedelta(hours=hours)):
        with work.step() as session:
            service.set_schedules(session, scope, work.kind, 1, [HOURLY])
            due = session.scalars(select(ScheduleRow.due_at)).one()
            now = queries.database_now(session)
        assert timedelta(0) < due - now <= timedelta(hours=1)
        assert _fire(work) == 0
        with work.step() as session:
            session.execute(_MAKE_DUE)
        assert _fire(work) == 1
        assert _fire(work) == 0  # also where the clock says that it is an hour ago
    with work.step() as session:
        assert session.scalars(select(ScheduleRow.due_at)).one() > datetime.now(UTC)


def test_a_changed_rule_takes_effect_at_once(work: WorkFake) -> None:
    scope = work.new_workspace()
    with work.step() as session:
        service.set_schedules(session, scope, work.kind, 1, [DAILY])
        session.execute(_MAKE_DUE)
        in_a_while = Scheduling(interval="month", days=14, hours=3)
        service.set_schedules(session, scope, work.kind, 1, [in_a_while])
    assert _fire(work) == 0
    with work.step() as session:
        due = session.scalars(select(ScheduleRow.due_at)).one()
    assert (due.day, due.hour) == (15, 3)


def test_a_tick_reads_only_what_is_due(work: WorkFake) -> None:
    """The query of a tick goes by the index of due times, however many schedules there are."""
    scope = work.new_workspace()
    with work.step() as session:
        service.set_schedules(session, scope, work.kind, 1, [DAILY])
        session.execute(
            text(
                "INSERT INTO schedule (workspace_id, kind, subject_id, position, rule, anchor, "
                "due_at, is_paused) SELECT workspace_id, kind, n::text, 0, rule, anchor, "
                "now() + interval '1 day', false FROM schedule, generate_series(2, 3000) n"
            )
        )
        session.execute(text("ANALYZE schedule"))
        plan = session.scalars(
            text(
                "EXPLAIN SELECT * FROM schedule WHERE NOT is_paused AND due_at <= now() "
                "ORDER BY due_at LIMIT 500 FOR UPDATE SKIP LOCKED"
            )
        ).all()
    assert any("ix_schedule_due_at" in line for line in plan), plan
