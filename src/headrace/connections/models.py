"""Connections and their accounts."""

from datetime import datetime
from enum import StrEnum
from typing import Any
from uuid import UUID

from sqlalchemy import ForeignKey, Index, UniqueConstraint, func, text
from sqlalchemy.orm import Mapped, mapped_column

from headrace.db.base import Base, BigId, CreatedAt, KeepsError


class ConnectionStatus(StrEnum):
    """Whether a connection's credentials work."""

    ACTIVE = "active"
    ERROR = "error"


class AccountsStatus(StrEnum):
    """What is known of a connection's accounts."""

    LOADING = "loading"
    NO_ACCOUNTS = "no_accounts"
    ACTIVE = "active"
    ERROR = "error"


class SyncMode(StrEnum):
    """Whether accounts that appear later are enabled by themselves."""

    ALL = "all"
    SELECTED = "selected"


class Connection(KeepsError, Base):
    """A customer's authorization at a data source.

    credentials: sealed; None once the connection is deleted.
    settings: what the connector's form asked for beside credentials, readable.
    credential_key, app_key: what its runs share limits by: the authorization as the person gave it, and
    the application it was given to.
    created_by: the user who made it, or in whose name an external authentication link did.
    external_auth_link_id: the link its present credentials came through, listed or not any more.
    grant_digest: of the grant its present credentials stand on, where a person gave it by OAuth:
        connections with the same digest stand and fall together; None for credentials that were
        given as such, which may be in use elsewhere.
    revocation: what became of the credentials at the platform when the connection was deleted.
    """

    __tablename__ = "connection"
    __table_args__ = (
        Index(
            "ix_connection_list",
            "workspace_id",
            "datasource_name",
            "id",
            postgresql_where=text("deleted_at IS NULL"),
        ),
    )

    id: Mapped[BigId]
    uid: Mapped[UUID] = mapped_column(unique=True)
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    datasource_name: Mapped[str]
    title: Mapped[str]
    status: Mapped[str] = mapped_column(default=ConnectionStatus.ACTIVE)
    credentials: Mapped[str | None]
    credential_key: Mapped[str | None]
    app_key: Mapped[str | None]
    settings: Mapped[dict[str, Any]]
    account_sync_mode: Mapped[str] = mapped_column(default=SyncMode.ALL)
    created_by: Mapped[int | None] = mapped_column(
        ForeignKey("app_user.id", ondelete="SET NULL"), index=True
    )
    external_auth_link_id: Mapped[UUID | None]
    grant_digest: Mapped[str | None] = mapped_column(index=True)
    revocation: Mapped[str | None]
    accounts_status: Mapped[str] = mapped_column(default=AccountsStatus.LOADING)
    update_accounts_last_successed: Mapped[datetime | None]
    update_accounts_was_successfull: Mapped[bool | None]
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )
    deleted_at: Mapped[datetime | None]


class Account(Base):
    """One remote account that a connection reaches.

    is_listed: whether the source named it when last asked; its rows stay when it vanishes.
    """

    __tablename__ = "account"
    __table_args__ = (
        UniqueConstraint("connection_id", "remote_id"),
        Index("ix_account_workspace_id", "workspace_id"),
    )

    id: Mapped[BigId]
    workspace_id: Mapped[int] = mapped_column(ForeignKey("workspace.id", ondelete="CASCADE"))
    connection_id: Mapped[int] = mapped_column(ForeignKey("connection.id", ondelete="CASCADE"))
    remote_id: Mapped[str]
    title: Mapped[str]
    currency: Mapped[str | None]
    timezone: Mapped[str] = mapped_column(default="UTC")
    item: Mapped[dict[str, Any]] = mapped_column(default=dict)
    is_active: Mapped[bool] = mapped_column(default=True)
    is_listed: Mapped[bool] = mapped_column(default=True)
    enabled_for_embedded_extraction: Mapped[bool] = mapped_column(default=True)
    created_at: Mapped[CreatedAt]
    updated_at: Mapped[datetime] = mapped_column(
        server_default=func.clock_timestamp(), onupdate=func.clock_timestamp()
    )


class ConnectionDraft(Base):
    """Credentials that work, and the accounts they reach, until somebody has chosen among those.

    accounts: as the source listed them: `remote_id`, `title`, `currency`, `timezone`, `item` each.
    is_whole: whether that was the whole list.
    chosen: the remote ids chosen so far; None: all, and those that appear later too.
    """

    __tablename__ = "connection_draft"
    __table_args__ = (Index("ix_connection_draft_expires_at", "expires_at"),)

    id: Mapped[UUID] = mapped_column(primary_key=True)
    workspace_id: Mapped[int] = mapped_column(
        ForeignKey("workspace.id", ondelete="CASCADE"), index=True
    )
    created_by: Mapped[int | None] = mapped_column(
        ForeignKey("app_user.id", ondelete="CASCADE"), index=True
    )
    datasource_name: Mapped[str]
    title: Mapped[str]
    credentials: Mapped[str]
    settings: Mapped[dict[str, Any]]
    grant_digest: Mapped[str | None]
    accounts: Mapped[list[Any]]
    is_whole: Mapped[bool]
    chosen: Mapped[list[str] | None]
    created_at: Mapped[CreatedAt]
    expires_at: Mapped[datetime]
