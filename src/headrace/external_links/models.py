"""Links by which somebody outside gives the credentials of one platform, once."""

from datetime import datetime
from enum import StrEnum
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, CreatedAt


class LinkStatus(StrEnum):
    """Whether a link can still be used, and if not, why."""

    PENDING = "pending"
    USED = "used"
    EXPIRED = "expired"
    REVOKED = "revoked"


class MailStatus(StrEnum):
    """What became of a link's mail."""

    NONE = "none"
    QUEUED = "queued"
    SENT = "sent"
    FAILED = "failed"


class ExternalAuthLink(Base):
    """One request for credentials (contract 3.21 and 4.8).

    digest: of the secret in its URL; the secret itself is shown once, at creation.
    sealed_secret: the secret, sealed, for as long as its mail waits to be sent.
    created_by: whose rights it stands on; it is worth nothing once they are gone.
    connection_id: the connection to reconnect, or the one that was made with it.
    """

    __tablename__ = "external_auth_link"
    __table_args__ = (
        Index("ix_external_auth_link_list", "workspace_id", "datasource_name", "created_at", "id"),
        Index("ix_external_auth_link_expires_at", "expires_at"),
    )

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    datasource_name: Mapped[str]
    digest: Mapped[str] = mapped_column(unique=True)
    created_by: Mapped[int] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), index=True
    )
    email: Mapped[str | None]
    message: Mapped[str | None]
    send_email: Mapped[bool]
    mail_status: Mapped[str] = mapped_column(default=MailStatus.NONE)
    mail_error: Mapped[str | None]
    sealed_secret: Mapped[str | None]
    is_reconnect: Mapped[bool]
    connection_id: Mapped[int | None] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), index=True
    )
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
    used_at: Mapped[datetime | None]
    revoked_at: Mapped[datetime | None]
