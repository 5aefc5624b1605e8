"""What starts runs: schedules that are due, and admission under the limits."""

import time
from collections.abc import Sequence
from dataclasses import dataclass, field, replace
from datetime import datetime, timedelta
from itertools import groupby
from uuid import UUID, uuid4

import structlog
from sqlalchemy.orm import Session

from headrace.access.authentication import server_scope
from headrace.db.engine import DATABASE_AWAY, transaction
from headrace.jobs import port
from headrace.rest.resources import Resources
from headrace.runs import admission, queries, service
from headrace.runs.kinds import kind_named
from headrace.runs.limits import limits_of
from headrace.runs.models import ScheduleRow
from headrace.tenancy.scope import bound

log = structlog.get_logger(__name__)

CARRY_OUT = "carry_out_run"
"""The task that carries out an admitted run, by its id and fence."""

LOOKS_AGAIN_SECONDS = 1.0
"""How long the schedulers rest where nothing is to be done."""

_LOOKS_SOON_SECONDS = 0.1
_ADMIT_AT_ONCE = 200
_SCHEDULES_AT_ONCE = 500
_SCHEDULE_PAUSE = timedelta(hours=1)


def fire(resources: Resources) -> float:
    """Start runs of due schedules; returns after how many seconds to look for more."""
    with transaction(resources.sessions) as session:
        fired = fire_schedules(session, resources.settings.schedule_spread_seconds)
    return 0.0 if fired == _SCHEDULES_AT_ONCE else LOOKS_AGAIN_SECONDS


def tick(resources: Resources, looked_seconds: float = 1.0) -> float:
    """Admit due runs; returns after how many seconds to look again.

    A run that is asked for in between tells by notification. looked_seconds: since the last look.
    """
    began = time.monotonic()
    with transaction(resources.sessions) as session:
        free = room(session, resources.settings.worker_timeout_seconds, max(1.0, looked_seconds))
        admitted = admit(session, resources, free)
        is_any_left = admission.is_any_due(session)
    if admitted == _ADMIT_AT_ONCE:
        return 0.0
    if not is_any_left:
        return LOOKS_AGAIN_SECONDS
    # What a limit or the workers hold back may begin the moment a run ends. To look costs the
    # database time where the queue is long: never more than a fifth of it.
    return min(LOOKS_AGAIN_SECONDS, max(_LOOKS_SOON_SECONDS, 4 * (time.monotonic() - began)))


@dataclass(frozen=True)
class Room:
    """How many more runs are to be admitted: of any workspace, or else of those without any yet."""

    any: int
    firsts: int


def room(session: Session, silence_seconds: float, looked_seconds: float = 1.0) -> Room:
    """Tell how many more runs the living workers can begin soon: no more are to be admitted.

    What is admitted stands in a queue. There is one run ahead for each thread, and twice as many as
    ended since the last look, so that no thread waits for work until the next one, and short runs
    find their pace: with no more than had ended there would be no more the next time. Where that is
    taken up, there is one more for each thread, of workspaces that have none under way: such a run
    goes ahead of those, to the next thread that is free. Without a living worker nobody is kept
    waiting.

    looked_seconds: how long ago the last look was.
    """
    counts = admission.workload(session, silence_seconds, looked_seconds)
    threads, under_way, ended = (int(count) for count in counts)
    if threads == 0:
        return Room(_ADMIT_AT_ONCE, 0)
    left = threads + max(threads, 2 * ended) - under_way
    return Room(min(_ADMIT_AT_ONCE, max(0, left)), max(0, left + threads))


@dataclass(frozen=True)
class Presence:
    """A worker's sign of life: while it shows it, runs are admitted for its threads."""

    name: str
    threads: int
    worker_id: UUID = field(default_factory=uuid4)

    def show(self, resources: Resources) -> None:
        """Say that the worker lives; to be repeated well within the time after which it is dead."""
        with transaction(resources.sessions) as session:
            admission.see_worker(session, self.worker_id, self.name, self.threads)

    def end(self, resources: Resources) -> None:
        """Say that it takes no more runs."""
        with transaction(resources.sessions) as session:
            admission.forget_worker(session, self.worker_id)


def fire_schedules(session: Session, spread_seconds: float = 0.0) -> int:
    """Start a run for every due schedule, each once, whoever else is looking.

    Schedules that share a due time begin within `spread_seconds` after it. One that cannot start a
    run is looked at again in an hour; it does not keep the others waiting.
    """
    now = service.schedule_clock(session)
    began = queries.database_now(session)
    rows = admission.take_due_schedules(session, now, _SCHEDULES_AT_ONCE)
    fired = _fire_together(session, rows, now, spread_seconds)
    spreads: dict[str, float] = {}
    for row in rows:
        try:
            if row.id in fired:
                service.advance(row, now)
                continue
            with session.begin_nested():
                seconds = _delay_seconds(row, now, spread_seconds)
                _fire(session, row)
                service.advance(row, now)
            spreads[_lane(row)] = seconds
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception(
                "schedule could not start a run", kind=row.kind, subject_id=row.subject_id
            )
            row.due_at = now + _SCHEDULE_PAUSE
    if spread_seconds and spreads:
        admission.delay_new_runs(session, began, spreads)
    return len(rows)


def _fire_together(
    session: Session, rows: Sequence[ScheduleRow], now: datetime, spread_seconds: float
) -> set[int]:
    """Start the runs of many schedules with few queries; return the ids of those that are done with.

    Left over are those of kinds that know no such way, those whose subject has a run waiting, which
    is to be joined, and those of a kind that failed at any of them.
    """
    by_kind: dict[str, dict[str, ScheduleRow]] = {}
    for row in rows:
        by_kind.setdefault(row.kind, {}).setdefault(row.subject_id, row)
    done: set[int] = set()
    for kind, first in by_kind.items():
        try:
            with session.begin_nested():
                done |= _start_together(session, kind, list(first.values()), now, spread_seconds)
        except DATABASE_AWAY:
            raise
        except Exception:
            log.exception("schedules could not start their runs together", kind=kind)
    return done


def _start_together(
    session: Session,
    kind: str,
    rows: Sequence[ScheduleRow],
    now: datetime,
    spread_seconds: float,
) -> set[int]:
    due_many = kind_named(kind).due_many
    if due_many is None:
        return set()
    news = due_many(session, rows)
    queued = service.start_many(
        session,
        [
            (
                row.workspace_id,
                replace(news[row.id], delay_seconds=_delay_seconds(row, now, spread_seconds)),
            )
            for row in rows
            if row.id in news
        ],
    )
    return {row.id for row in rows if row.id not in news or _lane(row) in queued}


def _delay_seconds(row: ScheduleRow, now: datetime, spread_seconds: float) -> float:
    """How long from now a due run is to wait, so that its schedule's share of the spread is kept."""
    begins = row.due_at + service.spread_of(row, spread_seconds)
    return max(0.0, (begins - now).total_seconds())


def _lane(row: ScheduleRow) -> str:
    return f"{row.kind}:{row.subject_id}"


def _fire(session: Session, row: ScheduleRow) -> None:
    due = kind_named(row.kind).due
    if due is not None:
        scope = server_scope(session, row.workspace_id)
        with bound(session, scope):
            due(session, scope, row.subject_id, row.rule)


def admit(session: Session, resources: Resources, place: Room = Room(_ADMIT_AT_ONCE, 0)) -> int:
    """Admit due runs under the limits and defer their jobs; returns how many.

    The first run of a workspace goes before the second of another also in the queue of jobs, so that
    what was admitted ahead of its time does not keep a quiet workspace waiting.
    """
    at_most = place.any or place.firsts
    if at_most < 1 or not admission.take_admission_turn(session):
        return 0
    limits = limits_of(resources.settings)
    admitted = sorted(
        admission.admit_due(session, at_most, limits, only_firsts=not place.any),
        key=lambda run: run.turn,
    )
    for turn, runs in groupby(admitted, key=lambda run: run.turn):
        port.defer(
            session,
            CARRY_OUT,
            [{"run_id": run.id, "fence": run.fence} for run in runs],
            priority=-turn,
        )
    return len(admitted)
