"""The SQL of runs; that of controlling, watching and scheduling them stands in files beside."""

from collections.abc import Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any, NamedTuple

from sqlalchemy import (
    BigInteger,
    ColumnElement,
    Row,
    Text,
    Update,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import Insert, insert
from sqlalchemy.orm import Session, make_transient_to_detached
from sqlalchemy.orm.attributes import set_committed_value

from headrace.db.base import Base
from headrace.db.prepared import Prepared, prepared
from headrace.db.roles import binding, note_bound
from headrace.runs.backlog import BACKLOG_PRIORITY
from headrace.runs.models import (
    FINISHED,
    FRESH_SQL,
    LIVE,
    Outcome,
    Run,
    RunAttempt,
    RunStatus,
    RunWindow,
)
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import WorkspaceScope, owned


def run(session: Session, scope: WorkspaceScope, run_id: int) -> Run | None:
    """Return a run of the workspace."""
    return session.scalar(owned(Run, scope).where(Run.id == run_id))


def subject_status(
    kind: str, workspace_id: Any, subject_id: Any, is_paused: Any, error_text: Any, last_end: Any
) -> Any:
    """Tell in SQL where an extract or a load stands, from its columns and its runs (contract 2).

    Syncing is read from unfinished runs, so that it cannot outlive them; it shows from the request
    on, before the run is admitted, and while a failed attempt waits for the next.
    """
    unfinished = exists().where(
        Run.workspace_id == workspace_id,
        Run.kind == kind,
        Run.subject_id == cast(subject_id, Text),
        Run.status.not_in(FINISHED),
    )
    return case(
        (is_paused, "paused"),
        (unfinished, "syncing"),
        (error_text.is_not(None), "error"),
        (last_end.is_not(None), "synced"),
        else_="init",
    )


def windows(session: Session, run_id: int) -> Sequence[RunWindow]:
    """Return a run's windows in the order they are worked through."""
    return session.scalars(
        select(RunWindow).where(RunWindow.run_id == run_id).order_by(RunWindow.position)
    ).all()


def finish_window(session: Session, run_id: int, window_id: int, rows: int, at: datetime) -> None:
    """Mark a window of a run done; what it remembered of its read is forgotten."""
    session.execute(
        update(RunWindow)
        .where(RunWindow.id == window_id, RunWindow.run_id == run_id)
        .values(is_done=True, rows=rows, bookmark=None, finished_at=at)
    )


def attempts(session: Session, scope: WorkspaceScope, run_id: int) -> Sequence[RunAttempt]:
    """Return the attempts at a run that are over, the first one first."""
    rows = owned(RunAttempt, scope).where(RunAttempt.run_id == run_id)
    return session.scalars(rows.order_by(RunAttempt.id)).all()


def fresh_in_lane(session: Session, lane: str) -> Run | None:
    """Return the run that waits in a lane and was never admitted, locked, if there is one."""
    return session.scalar(select(Run).where(Run.lane == lane, FRESH_SQL).with_for_update())


def lane_is_busy(session: Session, lane: str) -> bool:
    """Whether a run of the lane waits to be admitted now, or is under way.

    One that has only history left is not in the way: it lets another go first.
    """
    now_due = and_(Run.status == RunStatus.WAITING, Run.due_at <= func.clock_timestamp())
    busy = exists().where(
        Run.lane == lane,
        Run.priority > BACKLOG_PRIORITY,
        or_(Run.status.in_(LIVE), now_due),
    )
    return bool(session.scalar(select(busy)))


def insert_run(session: Session, values: dict[str, Any]) -> int | None:
    """Insert a waiting run; None if a fresh one waits in its lane already."""
    return session.scalar(
        insert(Run)
        .values(values)
        .on_conflict_do_nothing(index_elements=["lane"], index_where=FRESH_SQL)
        .returning(Run.id)
    )


def insert_runs(session: Session, rows: list[dict[str, Any]]) -> set[str]:
    """Insert waiting runs; return the lanes of those in whose lane no fresh one waited already."""
    statement = insert(Run).on_conflict_do_nothing(index_elements=["lane"], index_where=FRESH_SQL)
    return set(session.scalars(statement.returning(Run.lane), rows))


class Claimed(NamedTuple):
    """A run that begins, and the agency of its workspace."""

    agency_id: int
    run: Run


# The whole row of a run, but for why it failed before: whoever carries it out has no use for that.
_CARRIED = tuple(
    column for column in Run.__table__.columns if column.key not in {"error_text", "error_told"}
)
_CARRIED_KEYS = tuple(column.key for column in _CARRIED)


@cache
def _claim() -> Update:
    """The statement of `claim`, made once: to make it takes longer than to carry it out.

    It is not `prepared`: SQLAlchemy remembers what a wide answer is like only of its own statements.
    """
    now = func.clock_timestamp()
    since = func.coalesce(Run.waiting_since, Run.created_at)
    return (
        update(Run)
        .where(
            Run.id == bindparam("run_id"),
            Run.fence == bindparam("held_fence"),
            Run.status == RunStatus.ADMITTED,
            Workspace.id == Run.workspace_id,
        )
        .values(
            status=RunStatus.RUNNING,
            started_at=func.coalesce(Run.started_at, now),
            claimed_at=now,
            worker=bindparam("by_worker", type_=Text),
            seconds_waited=Run.seconds_waited + _seconds(since, Run.due_at),
            seconds_queued=Run.seconds_queued + _seconds(func.greatest(since, Run.due_at), now),
        )
        .returning(
            Workspace.agency_id,
            func.set_config("synchronous_commit", "off", True),
            *_CARRIED,
        )
    )


def claim(session: Session, run_id: int, fence: int, worker: str) -> Claimed | None:
    """Make an admitted run running, if this fence still holds it, and add up how long it waited.

    Until it was due it waited; from then on, or from when it was asked for, it was in the queue. The
    transaction does not wait for the disk: each step that stores something does, and what a database
    that crashes forgets of a claim alone is a run that has not begun, and begins again.
    """
    values = {"run_id": run_id, "held_fence": fence, "by_worker": worker}
    found = session.connection().execute(_claim(), values).one_or_none()
    if found is None:
        return None
    agency_id, _, *row = found
    return Claimed(agency_id, _loaded(row))


def _loaded(row: Sequence[Any]) -> Run:
    """Return a run whose carried columns were read; it stands in the database, in no session yet."""
    run = Run()
    # As loading does: what was read is no change, so none of it is noted as one.
    vars(run).update(zip(_CARRIED_KEYS, row, strict=True))
    make_transient_to_detached(run)
    return run


def _seconds(begin: Any, end: Any) -> Any:
    """Seconds from one moment to another in SQL; none if they are the other way round."""
    return func.greatest(0.0, func.extract("epoch", end - begin))


@cache
def _held() -> Prepared:
    agency_id = bindparam("agency_id", required=False, type_=BigInteger)
    held = (
        select(Run.pause_asked, func.clock_timestamp(), *binding(agency_id, Run.workspace_id))
        .where(
            Run.id == bindparam("run_id", required=False),
            Run.fence == bindparam("held_fence", required=False),
            Run.status == RunStatus.RUNNING,
        )
        .with_for_update(of=Run)
    )
    return prepared(held, "agency_id", "run_id", "held_fence")


class Held(NamedTuple):
    """What others may have changed of a run under way, and the moment by the database's clock."""

    pause_asked: bool
    at: datetime


def hold(session: Session, scope: WorkspaceScope, run_id: int, fence: int) -> Held | None:
    """Lock a running run against being taken over, if this fence still holds it.

    The session is held to the run's workspace.
    """
    values = {"agency_id": scope.agency_id, "run_id": run_id, "held_fence": fence}
    found = _held().execute(session, values).one_or_none()
    if found is None:
        return None
    note_bound(session, scope.agency_id, scope.workspace_id)
    return Held(found[0], found[1])


def put_back(session: Session, run_id: int, fence: int) -> None:
    """Let a run whose worker died wait again, due at once; if it had begun, an attempt is spent.

    A run that takes its workers down with it would otherwise do so for ever.
    """
    lost = (Run.id == run_id, Run.fence == fence, Run.status.in_(LIVE))
    close_attempts(session, Outcome.WORKER_DIED, *lost)
    has_begun = case((Run.status == RunStatus.RUNNING, 1), else_=0)
    session.execute(
        update(Run)
        .where(*lost)
        .values(
            status=case((Run.pause_asked, RunStatus.PAUSED), else_=RunStatus.WAITING),
            pause_asked=False,
            waiting_since=func.clock_timestamp(),
            retries=Run.retries + 1,
            attempt=Run.attempt + has_begun,
        )
    )


# What the end of an attempt leaves in the run's row, beside what the work itself counted there.
_ENDING = (
    "status", "finished_at", "due_at", "waiting_since", "waits", "pause_asked", "progress_rows",
    "error_class", "error_text", "error_told",
)  # fmt: skip


@cache
def _end_attempt() -> Insert:
    run, attempt = (Base.metadata.tables[made.__tablename__] for made in (Run, RunAttempt))
    ended = (
        update(run)
        .where(run.c.id == bindparam("run_id"))
        .values({name: bindparam(f"new_{name}", type_=run.c[name].type) for name in _ENDING})
        .returning(
            run.c.workspace_id,
            run.c.id.label("run_id"),
            run.c.fence,
            run.c.worker,
            func.coalesce(run.c.claimed_at, run.c.admitted_at, run.c.created_at).label(
                "started_at"
            ),
            func.clock_timestamp().label("ended_at"),
            bindparam("outcome", type_=Text).label("outcome"),
            run.c.error_class,
            run.c.error_text,
            run.c.error_told,
        )
        .cte("ended")
    )
    return insert(attempt).from_select([column.key for column in ended.c], select(ended))


def end_attempt(session: Session, run: Run, outcome: Outcome, changes: Mapping[str, Any]) -> None:
    """Write down that the attempt under way at a run is over, and what that changes of the run.

    Every run ends so: it is one statement, and no object is made of a row that nobody here reads.

    changes: new values of the run's columns, of those that an end may change.
    """
    values = {
        f"new_{name}": changes[name] if name in changes else getattr(run, name) for name in _ENDING
    }
    session.connection().execute(
        _end_attempt(), {**values, "run_id": run.id, "outcome": outcome.value}
    )
    for name, value in changes.items():
        set_committed_value(run, name, value)


def close_attempts(session: Session, outcome: Outcome, *chosen: ColumnElement[bool]) -> None:
    """Write down that the attempts under way at some runs are over."""
    ended = (
        select(
            Run.workspace_id,
            Run.id,
            Run.fence,
            Run.worker,
            func.coalesce(Run.claimed_at, Run.admitted_at, Run.created_at),
            func.clock_timestamp(),
            literal(outcome.value),
        )
        .where(Run.status == RunStatus.RUNNING, *chosen)
        .with_for_update()
    )
    columns = ["workspace_id", "run_id", "fence", "worker", "started_at", "ended_at", "outcome"]
    session.execute(insert(RunAttempt).from_select(columns, ended))


def live_since(session: Session, seconds: float) -> Sequence[Row[int, int]]:
    """Return id and fence of the runs that were admitted this long ago or earlier and go on."""
    before = func.clock_timestamp() - timedelta(seconds=seconds)
    return session.execute(
        select(Run.id, Run.fence).where(Run.status.in_(LIVE), Run.admitted_at < before)
    ).all()


def last_progress(session: Session, run: Run) -> datetime:
    """Return when a run last finished a window, or began."""
    last = select(func.max(RunWindow.finished_at)).where(RunWindow.run_id == run.id)
    return session.scalar(last) or run.started_at or run.created_at


def make_due(session: Session, scope: WorkspaceScope, kind: str, subject_id: str) -> bool:
    """Make the runs of one thing that wait for a later moment due now; whether any did."""
    found = session.execute(
        update(Run)
        .where(
            Run.workspace_id == scope.workspace_id,
            Run.kind == kind,
            Run.subject_id == subject_id,
            Run.status == RunStatus.WAITING,
        )
        .values(due_at=func.least(Run.due_at, func.clock_timestamp()))
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return bool(found.all())


def delete_finished_before(session: Session, moment: datetime, limit: int) -> int:
    """Delete old finished runs, a bounded number at a time; returns how many."""
    old = select(Run.id).where(Run.finished_at < moment).limit(limit)
    return len(session.execute(delete(Run).where(Run.id.in_(old)).returning(Run.id)).all())


def database_now(session: Session) -> datetime:
    """The database's clock: what leases and due times go by, whatever a machine's clock says."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now
