"""The rules of accounts: what the source lists, and which of them may be extracted."""

from collections.abc import Mapping
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import followers, queries
from headrace.connections.errors import AccountsForeign
from headrace.connections.models import Account, AccountsStatus, Connection, SyncMode
from headrace.connections.schemas import AccountsPatch
from headrace.connectors.contract import Account as RemoteAccount
from headrace.kit import clock
from headrace.rest.errors import NotFound
from headrace.tenancy.scope import WorkspaceScope

_STORED_AT_ONCE = 500


def store(
    session: Session,
    connection: Connection,
    found: list[RemoteAccount],
    *,
    is_whole: bool = True,
    enabled: list[str] | None = None,
) -> list[int]:
    """Bring a connection's accounts up to date with what its source listed; return the new ones.

    `is_whole` tells whether the list was read to its end: only then do missing accounts count as
    gone. `enabled` names the remote ids to enable where the connection takes selected accounts only.
    """
    rows = {item.remote_id: _account_values(connection, item, enabled) for item in found}
    values = list(rows.values())
    new: list[int] = []
    for start in range(0, len(values), _STORED_AT_ONCE):
        new += queries.store_accounts(session, values[start : start + _STORED_AT_ONCE])
    if is_whole:
        queries.unlist_accounts_except(session, connection.id, rows)
        has_accounts = queries.listed_count(session, connection.id) > 0
        connection.accounts_status = (
            AccountsStatus.ACTIVE if has_accounts else AccountsStatus.NO_ACCOUNTS
        )
        connection.update_accounts_was_successfull = True
        connection.update_accounts_last_successed = clock.now()
    session.flush()
    return new


def _account_values(
    connection: Connection, item: RemoteAccount, enabled: list[str] | None
) -> dict[str, Any]:
    wanted = connection.account_sync_mode == SyncMode.ALL or item.remote_id in (enabled or [])
    return {
        "workspace_id": connection.workspace_id,
        "connection_id": connection.id,
        "remote_id": item.remote_id,
        "title": item.title,
        "currency": item.currency,
        "timezone": item.timezone,
        "item": dict(item.item),
        "enabled_for_embedded_extraction": wanted,
    }


def update(
    session: Session, scope: WorkspaceScope, connection_id: int, changes: Mapping[int, bool]
) -> list[dict[str, Any]]:
    """Enable or disable accounts of a connection, all of them or none; returns them.

    Raises:
        NotFound: if the workspace has no such connection.
        AccountsForeign: if an id is not of this connection.
    """
    # Held, since a refresh stores accounts in another order.
    connection = queries.locked_connection(session, scope, connection_id)
    if connection is None:
        raise NotFound("Connection")
    accounts = {
        account.id: account
        for account in queries.accounts_of(session, scope, changes)
        if account.connection_id == connection_id
    }
    unknown = [account_id for account_id in changes if account_id not in accounts]
    if unknown:
        raise AccountsForeign(unknown)
    opened = [
        account_id
        for account_id, enabled in changes.items()
        if enabled and not accounts[account_id].enabled_for_embedded_extraction
    ]
    for account_id, enabled in changes.items():
        accounts[account_id].enabled_for_embedded_extraction = enabled
    session.flush()
    followers.tell_opened(session, scope, connection, opened)
    statement = queries.account_rows(scope, connection_id).where(Account.id.in_(changes))
    return [found._asdict() for found in session.execute(statement.order_by(Account.id))]


def update_one(
    session: Session, scope: WorkspaceScope, connection_id: int, account_id: int, *, enabled: bool
) -> dict[str, Any]:
    """Enable or disable one account.

    Raises:
        NotFound: if the connection has no such account.
    """
    try:
        return update(session, scope, connection_id, {account_id: enabled})[0]
    except AccountsForeign as error:
        raise NotFound("Account") from error


def bulk_update(
    session: Session, scope: WorkspaceScope, connection_id: int, body: AccountsPatch
) -> list[dict[str, Any]]:
    """Apply a bulk change; raises as `update`."""
    return update(session, scope, connection_id, body.changes())
