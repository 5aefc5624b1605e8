"""The SQL of control over runs: cancelling, pausing, finding what can be replayed."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import ColumnElement, Select, and_, case, exists, func, or_, update
from sqlalchemy.orm import Session, aliased

from headrace.runs.models import FINISHED, Outcome, Run, RunStatus
from headrace.runs.queries import close_attempts
from headrace.tenancy.scope import WorkspaceScope, owned


def cancel(
    session: Session, scope: WorkspaceScope, kind: str, subject_id: str, run_id: int | None = None
) -> bool:
    """Cancel the unfinished runs of one thing, or one of them; whether there were any.

    A worker learns of it at its next step, or when it looks after its runs.
    """
    chosen = [
        Run.workspace_id == scope.workspace_id,
        *_unfinished(kind, subject_id),
        *([Run.id == run_id] if run_id else []),
    ]
    close_attempts(session, Outcome.CANCELLED, *chosen)
    found = session.execute(
        update(Run)
        .where(*chosen)
        .values(status=RunStatus.CANCELLED, finished_at=func.clock_timestamp())
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return bool(found.all())


def _unfinished(kind: str, subject_id: str) -> list[ColumnElement[bool]]:
    return [
        Run.kind == kind,
        Run.subject_id == subject_id,
        Run.status.not_in(FINISHED),
    ]


def pause(session: Session, scope: WorkspaceScope, kind: str, subject_id: str) -> None:
    """Hold the runs of one thing: those that wait at once, one under way at its next step."""
    running = Run.status == RunStatus.RUNNING
    session.execute(
        update(Run)
        .where(Run.workspace_id == scope.workspace_id, *_unfinished(kind, subject_id))
        .values(status=case((running, Run.status), else_=RunStatus.PAUSED), pause_asked=running)
        .execution_options(synchronize_session=False)
    )


def unpause(session: Session, scope: WorkspaceScope, kind: str, subject_id: str) -> bool:
    """Let the held runs of one thing wait for their turn again; whether there were any.

    Where a fresh one waits in the lane meanwhile, held ones that never began are given up for it.
    """
    chosen = (Run.workspace_id == scope.workspace_id, *_unfinished(kind, subject_id))
    session.execute(
        update(Run)
        .where(*chosen, Run.status == RunStatus.RUNNING)
        .values(pause_asked=False)
        .execution_options(synchronize_session=False)
    )
    other = aliased(Run)
    newer = exists().where(
        other.lane == Run.lane,
        other.fence == 0,
        or_(
            other.status == RunStatus.WAITING,
            and_(other.status == RunStatus.PAUSED, other.id > Run.id),
        ),
    )
    held = (*chosen, Run.status == RunStatus.PAUSED)
    session.execute(
        update(Run)
        .where(*held, Run.fence == 0, newer)
        .values(status=RunStatus.CANCELLED, finished_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
    found = session.execute(
        update(Run)
        .where(*held)
        .values(status=RunStatus.WAITING, waiting_since=func.clock_timestamp())
        .returning(Run.id)
        .execution_options(synchronize_session=False)
    )
    return bool(found.all())


@dataclass(frozen=True)
class Lost:
    """Which failed runs to replay; what is None narrows nothing. since, until: of their ends."""

    kind: str
    subject_ids: Sequence[str] | None = None
    error_class: str | None = None
    since: datetime | None = None
    until: datetime | None = None


def replayable(scope: WorkspaceScope, lost: Lost, limit: int) -> Select[Any]:
    """Select failed runs to replay, oldest first: of each lane the last run, if it failed.

    What ran again since, or was replayed already, needs no replay.
    """
    later = aliased(Run)
    rows = owned(Run, scope).where(
        Run.kind == lost.kind,
        Run.status == RunStatus.FAILED,
        ~exists().where(
            later.workspace_id == Run.workspace_id,
            later.kind == Run.kind,
            later.subject_id == Run.subject_id,
            later.id > Run.id,
        ),
    )
    narrowed: tuple[tuple[Any, Callable[[Any], ColumnElement[bool]]], ...] = (
        (lost.subject_ids, Run.subject_id.in_),
        (lost.error_class, Run.error_class.__eq__),
        (lost.since, Run.finished_at.__ge__),
        (lost.until, Run.finished_at.__lt__),
    )
    for value, condition in narrowed:
        if value is not None:
            rows = rows.where(condition(value))
    return rows.order_by(Run.id).limit(limit)
