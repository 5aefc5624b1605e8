"""The SQL of a thing's schedules."""

from collections.abc import Sequence

from sqlalchemy import delete, update
from sqlalchemy.orm import Session

from headrace.runs.models import ScheduleRow
from headrace.tenancy.scope import WorkspaceScope, owned


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
