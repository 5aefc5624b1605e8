"""The audit trail's one table."""

from typing import Any

from sqlalchemy import Index
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt


class AuditEntry(Base):
    """One privileged act, done or refused. Rows are never changed, and deleted only when old.

    No foreign keys: the trail outlives what it tells of. agency_id None: a failed sign-in with a
    name that nobody has, for the operator alone. workspace_id None: an act on the agency itself.

    outcome: `succeeded` or `refused`. changes: rows created, changed and deleted, each with the
    columns that differ, before and after, secrets masked (`rest.changes`).
    """

    __tablename__ = "audit_entry"
    __table_args__ = (
        Index("ix_audit_entry_agency_id_id", "agency_id", "id"),
        Index("ix_audit_entry_workspace_id_id", "workspace_id", "id"),
        {"info": {"append_only": True, "told": False}},
    )

    id: Mapped[BigId]
    occurred_at: Mapped[CreatedAt] = mapped_column(index=True)
    agency_id: Mapped[int | None]
    workspace_id: Mapped[int | None]
    user_id: Mapped[int | None]
    username: Mapped[str]
    credential: Mapped[str]
    address: Mapped[str]
    request_id: Mapped[str]
    action: Mapped[str]
    permission: Mapped[str | None]
    object_type: Mapped[str]
    object_id: Mapped[str]
    outcome: Mapped[str]
    details: Mapped[str]
    changes: Mapped[list[Any]]
