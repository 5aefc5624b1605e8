"""The rules of runs: starting, working through windows, ending, schedules."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field
from datetime import datetime, timedelta
from typing import Any
from zoneinfo import ZoneInfo

from sqlalchemy import func
from sqlalchemy.orm import Session, object_session

from headrace.kit import clock, tracing
from headrace.kit.days import DayRange
from headrace.kit.outcomes import TryLater
from headrace.kit.schedule import Interval, Schedule, next_fire, spread
from headrace.kit.told import Told
from headrace.runs import control_queries, queries, schedule_queries
from headrace.runs.models import Outcome, Run, RunStatus, RunWindow, ScheduleRow
from headrace.runs.schemas import Scheduling
from headrace.tenancy.scope import WorkspaceScope

WAKE_CHANNEL = "headrace_runs"
"""The notification that tells schedulers that a run waits."""

Params = Mapping[str, Any]
Join = Callable[[Params, Params], dict[str, Any]]


@dataclass(frozen=True)
class NewRun:
    """A run to start.

    limit_key: runs that share it share a limit; the connection or destination connection.
    credential_key, system_key, account_key: what else it shares with others, see `Run`.
    delay_seconds: how long it waits before it is due, unless it is hurried.
    replays_run_id: the run that this one does again.
    """

    kind: str
    subject_id: str
    limit_key: str
    trigger: str
    params: dict[str, Any] = field(default_factory=dict)
    priority: int = 0
    delay_seconds: float = 0.0
    credential_key: str | None = None
    system_key: str | None = None
    account_key: str | None = None
    replays_run_id: int | None = None

    @property
    def lane(self) -> str:
        """Runs of one subject go one after another."""
        return f"{self.kind}:{self.subject_id}"


def start(session: Session, scope: WorkspaceScope, new: NewRun, join: Join | None = None) -> int:
    """Queue a run and return its id; it begins when the limits let it.

    If one of the same subject waits already and has not begun, that one is returned: a further
    request while a run is under way is queued once. `join` makes the waiting run's params and the
    new one's into params that ask for both; without it, the waiting run stays as it is.
    """
    due_at = queries.database_now(session) + timedelta(seconds=new.delay_seconds)
    run_id = queries.insert_run(session, _row(scope.workspace_id, new, due_at))
    if run_id is None:
        waiting = queries.fresh_in_lane(session, new.lane)
        if waiting is None:  # it was admitted between the two statements
            return start(session, scope, new, join)
        run_id = waiting.id
        if not new.delay_seconds:
            waiting.due_at = min(waiting.due_at, queries.database_now(session))
        if join is not None:
            waiting.params = join(waiting.params, new.params)
    wake(session)
    return run_id


def start_many(session: Session, news: Sequence[tuple[int, NewRun]]) -> set[str]:
    """Queue runs of many workspaces at once, given with each run; return the lanes of those queued.

    Where a run of the same subject waits already nothing happens: `start` joins it.
    """
    now = queries.database_now(session)
    rows = [
        _row(workspace_id, new, now + timedelta(seconds=new.delay_seconds))
        for workspace_id, new in sorted(news, key=lambda one: one[1].lane)
    ]
    queued = queries.insert_runs(session, rows) if rows else set()
    if queued:
        wake(session)
    return queued


def _row(workspace_id: int, new: NewRun, due_at: datetime) -> dict[str, Any]:
    return {
        "workspace_id": workspace_id,
        "kind": new.kind,
        "subject_id": new.subject_id,
        "trigger": new.trigger,
        "lane": new.lane,
        "limit_key": new.limit_key,
        "credential_key": new.credential_key,
        "system_key": new.system_key,
        "account_key": new.account_key,
        "priority": new.priority,
        "params": new.params,
        "replays_run_id": new.replays_run_id,
        "traceparent": tracing.current(),
        "due_at": due_at,
    }


def hurry(session: Session, scope: WorkspaceScope, kind: str, subject_id: object) -> bool:
    """Let a run of a subject that was put off go on now; whether there was one."""
    found = queries.make_due(session, scope, kind, str(subject_id))
    if found:
        wake(session)
    return found


def wake(session: Session) -> None:
    """Tell the schedulers, when this transaction commits, that something waits."""
    session.execute(func.pg_notify(WAKE_CHANNEL, "").select())


def is_busy(session: Session, kind: str, subject_id: object) -> bool:
    """Whether a run of a subject is under way or about to be."""
    return queries.lane_is_busy(session, f"{kind}:{subject_id}")


def cancel(session: Session, scope: WorkspaceScope, kind: str, subject_id: object) -> None:
    """Cancel the unfinished runs of a subject."""
    control_queries.cancel(session, scope, kind, str(subject_id))


def pause(
    session: Session, scope: WorkspaceScope, kind: str, subject_id: object, *, is_paused: bool
) -> None:
    """Hold or let go a subject's schedules and unfinished runs.

    A run under way stops when the window or unit it is at is stored, and goes on after it.
    """
    pause_schedules(session, scope, kind, subject_id, is_paused=is_paused)
    if is_paused:
        control_queries.pause(session, scope, kind, str(subject_id))
    elif control_queries.unpause(session, scope, kind, str(subject_id)):
        wake(session)


# Windows: the checkpoints of a run.


def plan(session: Session, run_id: int, ranges: list[DayRange | None]) -> list[RunWindow]:
    """Store the windows of a run that has none, and return them in order."""
    windows = [
        RunWindow(
            run_id=run_id,
            position=position,
            date_from=days.first if days else None,
            date_to=days.last if days else None,
        )
        for position, days in enumerate(ranges)
    ]
    session.add_all(windows)
    session.flush()
    return windows


def halve_window(session: Session, window_id: int) -> bool:
    """Cut a window that is too much at once in two, the newer half first; whether it could be.

    The older half goes to the end: the ledger of days does not mind the order.
    """
    window = session.get_one(RunWindow, window_id)
    window.bookmark = None
    if window.date_from is None or window.date_to is None or window.date_from == window.date_to:
        return False
    middle = window.date_from + (window.date_to - window.date_from) / 2
    last = max(one.position for one in queries.windows(session, window.run_id))
    session.add(
        RunWindow(
            run_id=window.run_id,
            position=last + 1,
            date_from=window.date_from,
            date_to=middle,
        )
    )
    window.date_from = middle + timedelta(days=1)
    return True


def finish_window(session: Session, run: Run, window_id: int, rows: int) -> None:
    """Mark a window done: the checkpoint, in the transaction that stores its rows and holds the run."""
    queries.finish_window(session, run.id, window_id, rows, clock.now())
    note_progress(run)


def note_progress(run: Run) -> None:
    """Count attempts from zero: what a long run got done does not use up its patience."""
    run.attempt = 0


# Ends of a run. Each is called in a transaction that holds the run.


def succeed(run: Run, at: datetime) -> None:
    """End a run well."""
    _end_attempt(run, Outcome.SUCCEEDED, status=RunStatus.SUCCEEDED, finished_at=at)


def fail(run: Run, at: datetime, error_class: str, error: Told) -> None:
    """End a run badly, for good: it is not tried again unless somebody replays it."""
    _end_attempt(
        run,
        Outcome.FAILED,
        error_class,
        error,
        status=RunStatus.FAILED,
        finished_at=at,
    )


def abandon(run: Run, at: datetime) -> None:
    """End a run whose subject is gone, as deleting it would have."""
    _end_attempt(run, Outcome.CANCELLED, status=RunStatus.CANCELLED, finished_at=at)


def put_off(run: Run, until: datetime, error_class: str, error: Told) -> None:
    """Let a run wait; it holds no worker meanwhile. The reason shows while it waits."""
    is_retry = error_class == TryLater.__name__
    outcome = Outcome.TRIED_AGAIN if is_retry else Outcome.PUT_OFF
    _end_attempt(
        run,
        outcome,
        error_class,
        error,
        due_at=until,
        waits=run.waits + 1,
        **_waiting(is_paused=run.pause_asked),
    )


def stop_in_between(run: Run) -> None:
    """Hold a run whose subject was paused; it goes on at its next window when that is unpaused."""
    _end_attempt(run, Outcome.PAUSED, **_waiting(is_paused=True))


def give_way(run: Run, at: datetime) -> None:
    """Let a run wait behind others, though nothing hinders it; it costs no attempt."""
    waiting = _waiting(is_paused=run.pause_asked)
    _end_attempt(run, Outcome.PUT_OFF, due_at=at, waits=run.waits + 1, **waiting)


def _waiting(*, is_paused: bool) -> dict[str, Any]:
    return {
        "status": RunStatus.PAUSED if is_paused else RunStatus.WAITING,
        "pause_asked": False,
        "waiting_since": clock.now(),
    }


def _end_attempt(
    run: Run,
    outcome: Outcome,
    error_class: str | None = None,
    error: Told | None = None,
    **changes: Any,
) -> None:
    session = object_session(run)
    assert session is not None  # its row is held
    changes |= {
        "error_class": error_class,
        "error_text": None if error is None else str(error),
        "error_told": error,
        "progress_rows": 0,
    }
    queries.end_attempt(session, run, outcome, changes)


# Schedules.


def set_schedules(
    session: Session,
    scope: WorkspaceScope,
    kind: str,
    subject_id: object,
    rules: list[Scheduling],
    *,
    is_paused: bool = False,
) -> None:
    """Give a subject these schedules and no others; they count from today."""
    schedule_queries.delete_schedules(session, scope, kind, str(subject_id))
    now = schedule_clock(session)
    for position, rule in enumerate(rules):
        anchor = now.astimezone(ZoneInfo(rule.timezone)).date()
        session.add(
            ScheduleRow(
                workspace_id=scope.workspace_id,
                kind=kind,
                subject_id=str(subject_id),
                position=position,
                rule=rule.model_dump(mode="json", exclude_none=True),
                anchor=anchor,
                due_at=next_fire(_schedule(rule, anchor), now),
                is_paused=is_paused,
            )
        )
    session.flush()


def schedules_of(
    session: Session, scope: WorkspaceScope, kind: str, subject_id: object
) -> list[dict[str, Any]]:
    """Return the schedules of a subject, as the client gave them."""
    return [row.rule for row in schedule_queries.schedules(session, scope, kind, str(subject_id))]


def pause_schedules(
    session: Session, scope: WorkspaceScope, kind: str, subject_id: object, *, is_paused: bool
) -> None:
    """Stop or resume a subject's schedules; resumed ones go on from now, missed fires are not made up.

    A schedule paused over its due time would otherwise fire the moment it is resumed.
    """
    schedule_queries.pause_schedules(session, scope, kind, str(subject_id), is_paused)
    if not is_paused:
        now = schedule_clock(session)
        for row in schedule_queries.schedules(session, scope, kind, str(subject_id)):
            advance(row, now)


def schedule_clock(session: Session) -> datetime:
    """Return the moment that schedules go by: the database's, so that all machines agree."""
    return queries.database_now(session) + clock.moved_by()


def advance(row: ScheduleRow, now: datetime) -> None:
    """Move a schedule to its next time after now: all that was missed collapses into one."""
    rule = Scheduling.model_validate(row.rule)
    row.due_at = next_fire(_schedule(rule, row.anchor), now)


def spread_of(row: ScheduleRow, most_seconds: float) -> timedelta:
    """Return how long after its due times the runs of a schedule begin, see `kit.schedule.spread`."""
    rule = Scheduling.model_validate(row.rule)
    name = f"{row.kind}:{row.subject_id}:{row.position}"
    return spread(_schedule(rule, row.anchor), name, most_seconds)


def _schedule(rule: Scheduling, anchor: Any) -> Schedule:
    return Schedule(
        interval=Interval(rule.interval),
        days=rule.days,
        hours=rule.hours,
        minutes=rule.minutes,
        timezone=rule.timezone,
        recurrence=rule.recurrence,
        anchor=anchor,
    )


def delete_history(session: Session, older_than: timedelta) -> int:
    """Delete finished runs older than this, a thousand at a time; returns how many."""
    return queries.delete_finished_before(session, clock.now() - older_than, 1000)
