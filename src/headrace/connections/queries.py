"""All SQL of connections and accounts."""

from collections.abc import Collection, Sequence
from datetime import datetime
from typing import Any
from uuid import UUID

from sqlalchemy import ColumnElement, Select, delete, func, literal_column, select, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from headrace.connections.models import Account, Connection, ConnectionDraft
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns

# A row version that replaced none has no deleting transaction: how an upsert tells the two apart.
_WAS_INSERTED: ColumnElement[bool] = literal_column("xmax = 0")


def connection(session: Session, scope: WorkspaceScope, connection_id: int) -> Connection | None:
    """Return a connection that is not deleted."""
    return session.scalar(
        owned(Connection, scope).where(
            Connection.id == connection_id, Connection.deleted_at.is_(None)
        )
    )


def locked_connection(
    session: Session, scope: WorkspaceScope, connection_id: int, *, is_referred_to: bool = False
) -> Connection | None:
    """Return a connection that is not deleted as it is now, held against changes.

    is_referred_to: others may store rows that refer to it meanwhile.
    """
    return session.scalar(
        owned(Connection, scope)
        .where(Connection.id == connection_id, Connection.deleted_at.is_(None))
        .with_for_update(key_share=is_referred_to)
        .execution_options(populate_existing=True)
    )


def credentials_now(session: Session, connection_id: int) -> str | None:
    """Return the sealed credentials a connection has now."""
    return session.scalar(select(Connection.credentials).where(Connection.id == connection_id))


def shares_grant(session: Session, connection_id: int, grant_digest: str | None) -> bool:
    """Whether another connection, of any workspace, stands on the same grant."""
    statement = select(Connection.id).where(
        Connection.grant_digest == grant_digest,
        Connection.id != connection_id,
        Connection.deleted_at.is_(None),
    )
    return session.scalar(statement.limit(1)) is not None


def held_draft(
    session: Session, scope: WorkspaceScope, draft_id: UUID, now: datetime
) -> ConnectionDraft | None:
    """Return a draft of the workspace that has not ended, held against changes."""
    return session.scalar(
        owned(ConnectionDraft, scope)
        .where(ConnectionDraft.id == draft_id, ConnectionDraft.expires_at > now)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def delete_drafts_before(session: Session, now: datetime) -> int:
    """Delete drafts that have ended; returns how many."""
    ended = delete(ConnectionDraft).where(ConnectionDraft.expires_at <= now)
    return len(session.execute(ended.returning(ConnectionDraft.id)).all())


def connection_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select connections that are not deleted, as `ConnectionOut`."""
    available = select(func.count()).where(
        Account.connection_id == Connection.id, Account.is_active, Account.is_listed
    )
    return owned_columns(
        Connection,
        scope,
        Connection.id,
        Connection.uid,
        Connection.title,
        Connection.datasource_name,
        Connection.status,
        Connection.error_text,
        Connection.created_at,
        Connection.updated_at,
        available.scalar_subquery().label("accounts_number"),
        available.where(Account.enabled_for_embedded_extraction)
        .scalar_subquery()
        .label("enabled_for_extraction_accounts_number"),
        Connection.accounts_status,
        Connection.update_accounts_last_successed,
        Connection.update_accounts_was_successfull,
    ).where(Connection.deleted_at.is_(None))


def account_rows(scope: WorkspaceScope, connection_id: int) -> Select[Any]:
    """Select the accounts of a connection, as `AccountOut`."""
    return (
        owned_columns(
            Account,
            scope,
            Account.id,
            Account.remote_id.label("account_id"),
            Account.title,
            Account.currency,
            Account.connection_id,
            Connection.datasource_name,
            Account.created_at,
            Account.updated_at,
            (Account.is_active & Account.is_listed).label("is_active"),
            Account.enabled_for_embedded_extraction,
            Account.item,
        )
        .join(Connection, Connection.id == Account.connection_id)
        .where(Account.connection_id == connection_id)
    )


def accounts_of(
    session: Session, scope: WorkspaceScope, account_ids: Collection[int]
) -> Sequence[Account]:
    """Return accounts of the workspace by id, in id order; unknown ids are left out."""
    return session.scalars(
        owned(Account, scope).where(Account.id.in_(account_ids)).order_by(Account.id)
    ).all()


def store_accounts(session: Session, rows: list[dict[str, Any]]) -> list[int]:
    """Insert accounts, or bring what the source says of known ones up to date.

    Returns the ids of those inserted.
    """
    statement = insert(Account).values(rows)
    fresh = statement.excluded
    stored = session.execute(
        statement.on_conflict_do_update(
            index_elements=["connection_id", "remote_id"],
            set_={
                "title": fresh.title,
                "currency": fresh.currency,
                "timezone": fresh.timezone,
                "item": fresh.item,
                "is_listed": True,
                "updated_at": func.clock_timestamp(),
            },
        ).returning(Account.id, _WAS_INSERTED)
    )
    return [account_id for account_id, was_inserted in stored if was_inserted]


def unlist_accounts_except(
    session: Session, connection_id: int, remote_ids: Collection[str]
) -> None:
    """Mark the accounts of a connection that the source no longer names."""
    session.execute(
        update(Account)
        .where(
            Account.connection_id == connection_id,
            Account.is_listed,
            Account.remote_id.not_in(remote_ids),
        )
        .values(is_listed=False)
    )


def deactivate_accounts(session: Session, connection_id: int) -> None:
    """Make every account of a connection inactive."""
    session.execute(
        update(Account).where(Account.connection_id == connection_id).values(is_active=False)
    )


def listed_count(session: Session, connection_id: int) -> int:
    """How many accounts of a connection the source names."""
    count = session.scalar(
        select(func.count()).where(Account.connection_id == connection_id, Account.is_listed)
    )
    return count or 0


def filtered(
    rows: Select[Any], is_active: bool | None, enabled: bool | None, search: str | None
) -> Select[Any]:
    """Narrow a selection of accounts; None narrows nothing."""
    if is_active is not None:
        rows = rows.where((Account.is_active & Account.is_listed) == is_active)
    if enabled is not None:
        rows = rows.where(Account.enabled_for_embedded_extraction == enabled)
    if search:
        rows = rows.where(
            Account.title.icontains(search, autoescape=True)
            | Account.remote_id.icontains(search, autoescape=True)
        )
    return rows
