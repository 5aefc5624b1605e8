"""Authorizations under way."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, CreatedAt


class AuthorizationStatus(StrEnum):
    """How far an authorization is.

    PENDING: the person is at the platform. RETURNED: they came back with a code. CONNECTING: the code
    is being exchanged. CHOOSING: credentials are there, accounts are to be chosen. CONNECTED, DENIED,
    FAILED: how it ended.
    """

    PENDING = "pending"
    RETURNED = "returned"
    CONNECTING = "connecting"
    CHOOSING = "choosing"
    CONNECTED = "connected"
    DENIED = "denied"
    FAILED = "failed"


class Authorization(Base):
    """One person's way to a platform and back; good once, for ten minutes.

    begun_in: digest of the credential it was begun with; only that may finish it.
    state_digest: of the `state` the platform brings back. sealed_verifier: PKCE's, for the exchange.
    receipt_digest: of what the browser that came back holds; who finishes must show it, so that a
        link sent to somebody else connects nothing for the sender. sealed_code: the platform's code.
    connection_id: the connection to reconnect, or the one that was made.
    draft_id: the draft whose accounts are to be chosen.
    error_code, error_message: why it failed, for developers; `problems` has the words for people.
    """

    __tablename__ = "oauth_authorization"
    __table_args__ = (Index("ix_oauth_authorization_expires_at", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    created_by: Mapped[int] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), index=True
    )
    begun_in: Mapped[str] = mapped_column(info={"secret": True})
    external_auth_link_id: Mapped[UUID | None]
    datasource_name: Mapped[str]
    connection_id: Mapped[int | None] = mapped_column(
        ForeignKey("connection.id", ondelete="CASCADE"), index=True
    )
    is_reconnect: Mapped[bool]
    title: Mapped[str]
    settings: Mapped[dict[str, Any]]
    wants_choice: Mapped[bool]
    client_id: Mapped[str]
    state_digest: Mapped[str] = mapped_column(unique=True)
    sealed_verifier: Mapped[str | None]
    receipt_digest: Mapped[str | None] = mapped_column(unique=True)
    sealed_code: Mapped[str | None]
    draft_id: Mapped[UUID | None] = mapped_column(
        ForeignKey("connection_draft.id", ondelete="SET NULL"), index=True
    )
    status: Mapped[str] = mapped_column(default=AuthorizationStatus.PENDING)
    error_code: Mapped[str | None]
    error_message: Mapped[str | None]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
