"""All SQL of authorizations."""

from datetime import datetime, timedelta
from uuid import UUID

from sqlalchemy import delete, select
from sqlalchemy.orm import Session

from headrace.oauth.models import Authorization
from headrace.tenancy.models import Agency, Workspace
from headrace.tenancy.scope import WorkspaceScope, owned


def authorization(
    session: Session, scope: WorkspaceScope, authorization_id: UUID, *, is_held: bool = False
) -> Authorization | None:
    """Return an authorization of the workspace as it is now; `is_held`: against changes."""
    statement = owned(Authorization, scope).where(Authorization.id == authorization_id)
    if is_held:
        statement = statement.with_for_update()
    return session.scalar(statement.execution_options(populate_existing=True))


def by_state(session: Session, digest: str) -> Authorization | None:
    """Return the authorization of a `state`, held against changes."""
    return session.scalar(
        select(Authorization).where(Authorization.state_digest == digest).with_for_update()
    )


def by_receipt(session: Session, digest: str) -> Authorization | None:
    """Return the authorization of a receipt."""
    return session.scalar(select(Authorization).where(Authorization.receipt_digest == digest))


def delete_ended_before(session: Session, now: datetime) -> int:
    """Delete authorizations whose time is over for a day; returns how many.

    Their status is of use that long; secrets in them are worthless from their expiry on.
    """
    ended = delete(Authorization).where(Authorization.expires_at <= now - timedelta(days=1))
    return len(session.execute(ended.returning(Authorization.id)).all())


def names_of(session: Session, workspace_id: int) -> tuple[str, str]:
    """Return the titles of a workspace and of its agency."""
    statement = (
        select(Workspace.title, Agency.title)
        .join(Agency, Agency.id == Workspace.agency_id)
        .where(Workspace.id == workspace_id)
    )
    workspace, agency = session.execute(statement).one()
    return workspace, agency
