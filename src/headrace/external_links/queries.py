"""All SQL of external authentication links."""

from datetime import datetime, timedelta
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, case, delete, func, literal, null, select
from sqlalchemy.orm import Session

from headrace.access.models import User
from headrace.external_links.models import ExternalAuthLink, LinkStatus
from headrace.tenancy.models import Agency
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns

KEPT = timedelta(days=14)
"""How long a link is listed after its last activity, once it is of no more use (contract 4.8)."""


def _status(now: datetime) -> ColumnElement[str]:
    return case(
        (ExternalAuthLink.used_at.is_not(None), literal(LinkStatus.USED.value)),
        (ExternalAuthLink.revoked_at.is_not(None), literal(LinkStatus.REVOKED.value)),
        (ExternalAuthLink.expires_at <= now, literal(LinkStatus.EXPIRED.value)),
        else_=literal(LinkStatus.PENDING.value),
    )


def _is_over(now: datetime) -> ColumnElement[bool]:
    last = func.coalesce(
        ExternalAuthLink.used_at, ExternalAuthLink.revoked_at, ExternalAuthLink.expires_at
    )
    return last <= now - KEPT


def link_rows(scope: WorkspaceScope, now: datetime) -> Select[Any]:
    """Select the links of a workspace that are still listed, as `ExternalAuthLinkOut`."""
    return (
        owned_columns(
            ExternalAuthLink,
            scope,
            ExternalAuthLink.id,
            ExternalAuthLink.datasource_name,
            ExternalAuthLink.email,
            null().label("url"),
            _status(now).label("status"),
            ExternalAuthLink.send_email,
            ExternalAuthLink.connection_id,
            ExternalAuthLink.message,
            ExternalAuthLink.mail_status,
            ExternalAuthLink.mail_error,
            ExternalAuthLink.created_at,
            ExternalAuthLink.expires_at,
            ExternalAuthLink.used_at,
        )
        .where(~_is_over(now))
        .order_by(ExternalAuthLink.created_at, ExternalAuthLink.id)
    )


def held_link(session: Session, scope: WorkspaceScope, link_id: UUID) -> ExternalAuthLink | None:
    """Return a link of the workspace as it is now, held against changes."""
    return session.scalar(
        owned(ExternalAuthLink, scope)
        .where(ExternalAuthLink.id == link_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def pending_link(session: Session, digest: str, now: datetime) -> ExternalAuthLink | None:
    """Return the link of a secret, if it can be used."""
    return session.scalar(
        select(ExternalAuthLink).where(
            ExternalAuthLink.digest == digest,
            _status(now) == LinkStatus.PENDING.value,
        )
    )


def allows_links(session: Session, agency_id: int) -> bool:
    """Whether an agency may ask people outside."""
    return bool(session.scalar(select(Agency.external_auth).where(Agency.id == agency_id)))


def asker(session: Session, user_id: int) -> tuple[str, str]:
    """Return the name of a user and the title of their agency."""
    statement = (
        select(User.username, Agency.title)
        .join(Agency, Agency.id == User.agency_id)
        .where(User.id == user_id)
    )
    username, title = session.execute(statement).one()
    return username, title


def delete_over(session: Session, now: datetime) -> int:
    """Delete the links that are no longer listed; returns how many."""
    old = delete(ExternalAuthLink).where(_is_over(now)).returning(ExternalAuthLink.id)
    return len(session.execute(old).all())
