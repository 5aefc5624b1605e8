"""The SQL of the console that no slice below has: counts over the workspaces of an agency."""

from collections.abc import Sequence
from dataclasses import dataclass

from sqlalchemy import ColumnElement, func, select
from sqlalchemy.orm import Session

from headrace.connections.models import Connection, ConnectionStatus
from headrace.extracts.models import Extract
from headrace.loads.models import Load


@dataclass(frozen=True)
class Health:
    """How a workspace's pipelines do, in numbers. broken: connections that need a person."""

    connections: int = 0
    broken: int = 0
    extracts: int = 0
    failed_extracts: int = 0
    loads: int = 0
    failed_loads: int = 0


def health(session: Session, workspace_ids: Sequence[int]) -> dict[int, Health]:
    """Count what some workspaces have and what of it fails: states and numbers, nothing they hold.

    workspace_ids: those of one page, which the visitor was found to reach.
    """
    is_broken = Connection.status == ConnectionStatus.ERROR
    connections = _counts(session, Connection, is_broken, workspace_ids)
    extracts = _counts(session, Extract, Extract.error_text.is_not(None), workspace_ids)
    loads = _counts(session, Load, Load.error_text.is_not(None), workspace_ids)
    nothing = (0, 0)
    return {
        each: Health(
            *connections.get(each, nothing), *extracts.get(each, nothing), *loads.get(each, nothing)
        )
        for each in workspace_ids
    }


def _counts(
    session: Session,
    model: type[Connection | Extract | Load],
    is_bad: ColumnElement[bool],
    workspace_ids: Sequence[int],
) -> dict[int, tuple[int, int]]:
    bad = func.count().filter(is_bad)
    rows = select(model.workspace_id, func.count(), bad).where(
        model.workspace_id.in_(workspace_ids)
    )
    if model is Connection:
        rows = rows.where(Connection.deleted_at.is_(None))
    return {row[0]: (row[1], row[2]) for row in session.execute(rows.group_by(model.workspace_id))}
