"""All SQL of runs and schedules."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    Row,
    Select,
    and_,
    delete,
    exists,
    func,
    or_,
    select,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session, aliased

from headrace.runs.models import FINISHED, FRESH_SQL, LIVE, Run, RunStatus, RunWindow, ScheduleRow
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns

_ADMISSION_LOCK = 0x48454144  # any constant: one admission at a time over the whole database


def run(session: Session, scope: WorkspaceScope, run_id: int) -> Run | None:
    """Return a run of the workspace."""
    return session.scalar(owned(Run, scope).where(Run.id == run_id))


def run_list(scope: WorkspaceScope, kind: str, subject_id: str) -> Select[Any]:
    """Select the runs of one thing, newest first, as `RunOut`."""
    return (
        owned_columns(Run, scope, *_run_columns())
        .where(Run.kind == kind, Run.subject_id == subject_id)
        .order_by(Run.id.desc())
    )


def run_row(scope: WorkspaceScope, run_id: int) -> Select[Any]:
    """Select one run as `RunOut`."""
    return owned_columns(Run, scope, *_run_columns()).where(Run.id == run_id)


def _run_columns() -> list[Any]:
    windows = select(func.count()).where(RunWindow.run_id == Run.id)
    return [
        Run.id, Run.kind, Run.subject_id, Run.trigger, Run.status, Run.due_at, Run.created_at,
        Run.started_at, Run.finished_at, Run.attempt, Run.rows_read, Run.rows_written,
        Run.rows_deleted, Run.rows_rejected, Run.bytes_written, Run.retries, Run.error_class,
        Run.error_text,
        windows.where(RunWindow.is_done).scalar_subquery().label("windows_done"),
        windows.scalar_subquery().label("windows_total"),
    ]  # fmt: skip


def windows(session: Session, run_id: int) -> Sequence[RunWindow]:
    """Return a run's windows in the order they are worked through."""
    return session.scalars(
        select(RunWindow).where(RunWindow.run_id == run_id).order_by(RunWindow.position)
    ).all()


def fresh_in_lane(session: Session, lane: str) -> Run | None:
    """Return the run that waits in a lane and was never admitted, locked, if there is one."""
    return session.scalar(select(Run).where(Run.lane == lane, FRESH_SQL).with_for_update())


def lane_is_busy(session: Session, lane: str) -> bool:
    """Whether a run of the lane waits to be admitted now, or is under way."""
    now_due = and_(Run.status == RunStatus.WAITING, Run.due_at <= func.clock_timestamp())
    return bool(
        session.scalar(select(exists().where(Run.lane == lane, or_(Run.status.in_(LIVE), now_due))))
    )


def insert_run(session: Session, values: dict[str, Any]) -> int | None:
    """Insert a waiting run; None if a fresh one waits in its lane already."""
    return session.scalar(
        insert(Run)
        .values(values)
        .on_conflict_do_nothing(index_elements=["lane"], index_where=FRESH_SQL)
        .returning(Run.id)
    )


def take_admission_turn(session: Session) -> bool:
    """Whether this transaction is the one that admits; others need not wait for it."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_ADMISSION_LOCK))))


def admit_due(
    session: Session, limit: int, per_workspace: int, per_key: int
) -> Sequence[Row[int, int, int]]:
    """Admit due runs under the limits, taking workspaces in turn; return id, fence, priority.

    A run's rank is its place among the runs of its workspace (or limit key) that are under way or
    due before it; it is admitted while the rank is within the limit. Ordering by rank takes the
    first run of every workspace before the second of any.
    """
    busy, waiting = aliased(Run), aliased(Run)
    due = (
        select(waiting)
        .where(
            waiting.status == RunStatus.WAITING,
            waiting.due_at <= func.clock_timestamp(),
            ~exists().where(busy.lane == waiting.lane, busy.status.in_(LIVE)),
        )
        .order_by(waiting.due_at)
        .limit(50_000)
    ).cte("due")
    under_way = select(Run.workspace_id, Run.limit_key).where(Run.status.in_(LIVE)).cte("under_way")
    of_workspace = (
        select(func.count()).where(under_way.c.workspace_id == due.c.workspace_id).scalar_subquery()
    )
    of_key = select(func.count()).where(under_way.c.limit_key == due.c.limit_key).scalar_subquery()
    order = (due.c.priority.desc(), due.c.due_at, due.c.id)
    ranked = select(
        due.c.id,
        due.c.due_at,
        (
            func.row_number().over(partition_by=due.c.workspace_id, order_by=order) + of_workspace
        ).label("workspace_rank"),
        (func.row_number().over(partition_by=due.c.limit_key, order_by=order) + of_key).label(
            "key_rank"
        ),
        func.row_number().over(partition_by=due.c.lane, order_by=order).label("lane_rank"),
    ).cte("ranked")
    chosen = (
        select(ranked.c.id)
        .where(
            ranked.c.workspace_rank <= per_workspace,
            ranked.c.key_rank <= per_key,
            ranked.c.lane_rank == 1,
        )
        .order_by(ranked.c.workspace_rank, ranked.c.due_at)
        .limit(limit)
    )
    return session.execute(
        update(Run)
        .where(Run.id.in_(chosen), Run.status == RunStatus.WAITING)
        .values(status=RunStatus.ADMITTED, fence=Run.fence + 1, admitted_at=func.clock_timestamp())
        .returning(Run.id, Run.fence, Run.priority)
        .execution_options(synchronize_session=False)
    ).all()


def claim(session: Session, run_id: int, fence: int) -> Run | None:
    """Make an admitted run running, if this fence still holds it."""
    return session.scalar(
        update(Run)
        .where(Run.id == run_id, Run.fence == fence, Run.status == RunStatus.ADMITTED)
        .values(
            status=RunStatus.RUNNING,
            started_at=func.coalesce(Run.started_at, func.clock_timestamp()),
        )
        .returning(Run)
    )


def held(session: Session, run_id: int, fence: int) -> Run | None:
    """Return a running run, locked against being taken over, if this fence still holds it."""
    return session.scalar(
        select(Run)
        .where(Run.id == run_id, Run.fence == fence, Run.status == RunStatus.RUNNING)
        .with_for_update()
    )


def put_back(session: Session, run_id: int, fence: int) -> None:
    """Let a run whose worker died wait again, due at once."""
    session.execute(
        update(Run)
        .where(Run.id == run_id, Run.fence == fence, Run.status.in_(LIVE))
        .values(status=RunStatus.WAITING, retries=Run.retries + 1)
    )


def cancel(session: Session, scope: WorkspaceScope, kind: str, subject_id: str) -> None:
    """Cancel every unfinished run of one thing; a worker learns of it at its next step."""
    session.execute(
        update(Run)
        .where(
            Run.workspace_id == scope.workspace_id,
            Run.kind == kind,
            Run.subject_id == subject_id,
            Run.status.not_in(FINISHED),
        )
        .values(status=RunStatus.CANCELLED, finished_at=func.clock_timestamp())
    )


def schedules(
    session: Session, scope: WorkspaceScope, kind: str, subject_id: str
) -> Sequence[ScheduleRow]:
    """Return the schedules of one thing, in the client's order."""
    return session.scalars(
        owned(ScheduleRow, scope)
        .where(ScheduleRow.kind == kind, ScheduleRow.subject_id == subject_id)
        .order_by(ScheduleRow.position)
    ).all()


def delete_schedules(session: Session, scope: WorkspaceScope, kind: str, subject_id: str) -> None:
    """Delete the schedules of one thing."""
    session.execute(
        delete(ScheduleRow).where(
            ScheduleRow.workspace_id == scope.workspace_id,
            ScheduleRow.kind == kind,
            ScheduleRow.subject_id == subject_id,
        )
    )


def pause_schedules(
    session: Session, scope: WorkspaceScope, kind: str, subject_id: str, is_paused: bool
) -> None:
    """Pause or unpause the schedules of one thing."""
    session.execute(
        update(ScheduleRow)
        .where(
            ScheduleRow.workspace_id == scope.workspace_id,
            ScheduleRow.kind == kind,
            ScheduleRow.subject_id == subject_id,
        )
        .values(is_paused=is_paused)
    )


def take_due_schedules(session: Session, now: datetime, limit: int) -> Sequence[ScheduleRow]:
    """Lock the schedules that are due, oldest first; those another scheduler holds are left out."""
    return session.scalars(
        select(ScheduleRow)
        .where(~ScheduleRow.is_paused, ScheduleRow.due_at <= now)
        .order_by(ScheduleRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def delete_finished_before(session: Session, moment: datetime, limit: int) -> int:
    """Delete old finished runs, a bounded number at a time; returns how many."""
    old = select(Run.id).where(Run.finished_at < moment).limit(limit)
    return len(session.execute(delete(Run).where(Run.id.in_(old)).returning(Run.id)).all())


def database_now(session: Session) -> datetime:
    """The database's clock: what leases and due times go by, whatever a machine's clock says."""
    now: datetime = session.scalars(select(func.clock_timestamp())).one()
    return now
