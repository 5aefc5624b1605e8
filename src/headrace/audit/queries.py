"""All SQL of the audit trail."""

from collections.abc import Mapping
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy import Row, Select, delete, func, insert, select
from sqlalchemy.orm import Session

from headrace.access.models import User
from headrace.audit.models import AuditEntry
from headrace.tenancy.scope import AgencyScope, WorkspaceScope, owned_columns

_DELETE_AT_ONCE = 1000


def add(session: Session, values: Mapping[str, Any]) -> None:
    """Write an entry; its username is that of `user_id` unless it is given."""
    given = dict(values)
    if "username" not in given:
        name = select(User.username).where(User.id == given["user_id"]).scalar_subquery()
        given["username"] = func.coalesce(name, "")
    # Without a returned id no right to read the entry is needed to write it.
    session.execute(insert(AuditEntry).inline().values(given))


def user_named(session: Session, username: str) -> Row[int, int] | None:
    """Return the id and the agency of the user of a name."""
    return session.execute(
        select(User.id, User.agency_id).where(User.username == username)
    ).one_or_none()


def entries(scope: AgencyScope | WorkspaceScope) -> Select[Any]:
    """Select the entries a scope may see, as `AuditEntryOut`: an agency sees its workspaces' too."""
    columns = [getattr(AuditEntry, name) for name in SHOWN]
    if isinstance(scope, WorkspaceScope):
        return owned_columns(AuditEntry, scope, *columns)
    return select(*columns).where(AuditEntry.agency_id == scope.agency_id)


SHOWN = (
    "id",
    "occurred_at",
    "workspace_id",
    "user_id",
    "username",
    "credential",
    "address",
    "request_id",
    "action",
    "permission",
    "object_type",
    "object_id",
    "outcome",
    "details",
    "changes",
)
"""What is shown of an entry, in this order."""


def delete_before(session: Session, retention: timedelta, now: datetime) -> int:
    """Delete a thousand of the entries older than the retention; returns how many there were."""
    old = select(AuditEntry.id).where(AuditEntry.occurred_at < now - retention)
    gone = delete(AuditEntry).where(AuditEntry.id.in_(old.limit(_DELETE_AT_ONCE)))
    return len(session.execute(gone.returning(AuditEntry.id)).all())
