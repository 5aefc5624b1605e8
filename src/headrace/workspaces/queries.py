"""All SQL of workspaces."""

from typing import Any

from sqlalchemy import Select, func, select
from sqlalchemy.orm import Session

from headrace.access.models import Membership
from headrace.access.permissions import Permission
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import AgencyScope

_COUNTING = 0x776F726B << 32  # of the advisory locks, those on the number of an agency's workspaces


def reachable(scope: AgencyScope, *columns: Any) -> Select[Any]:
    """Select from the workspaces of the agency that the caller can reach."""
    statement = (
        select(*columns).select_from(Workspace).where(Workspace.agency_id == scope.agency_id)
    )
    if Permission.ADMIN_MANAGE_WORKSPACES not in scope.permissions:
        mine = select(Membership.workspace_id).where(Membership.user_id == scope.user_id)
        statement = statement.where(Workspace.id.in_(mine))
    return statement


def workspace_list(scope: AgencyScope) -> Select[Any]:
    """Select the workspaces a caller can reach, as `WorkspaceOut`."""
    return reachable(
        scope,
        Workspace.id,
        Workspace.title,
        Workspace.description,
        Workspace.created_at,
        Workspace.updated_at,
    ).order_by(Workspace.id)


def workspace(session: Session, scope: AgencyScope, workspace_id: int) -> Workspace | None:
    """Return one workspace of the caller."""
    found: Workspace | None = session.scalar(
        reachable(scope, Workspace).where(Workspace.id == workspace_id)
    )
    return found


def id_of_title(session: Session, agency_id: int, title: str) -> int | None:
    """Return the id of the agency's workspace of that title."""
    return session.scalar(
        select(Workspace.id).where(Workspace.agency_id == agency_id, Workspace.title == title)
    )


def count_held(session: Session, agency_id: int) -> int:
    """Count an agency's workspaces; until the transaction ends nobody else can count them here."""
    session.execute(select(func.pg_advisory_xact_lock(_COUNTING + agency_id)))
    return session.scalars(
        select(func.count()).select_from(Workspace).where(Workspace.agency_id == agency_id)
    ).one()
