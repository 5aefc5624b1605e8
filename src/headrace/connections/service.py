"""The rules of connections: connecting, reconnecting, accounts, deleting."""

from collections.abc import Mapping
from itertools import islice
from typing import Any
from uuid import uuid4

from sqlalchemy.orm import Session

from headrace.connections import queries
from headrace.connections.errors import (
    AccountsForeign,
    CannotConnect,
    ConnectionBusy,
    DataSourceUnknown,
    FieldMissing,
    FieldUnfit,
)
from headrace.connections.models import (
    Account,
    AccountsStatus,
    Connection,
    ConnectionStatus,
    SyncMode,
)
from headrace.connections.schemas import AccountsPatch, ConnectionIn, ReauthorizeIn
from headrace.connectors.contract import Access, Connector, Setting, SettingType
from headrace.connectors.contract import Account as RemoteAccount
from headrace.connectors.registry import connectors
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.rest.errors import NotFound
from headrace.rest.resources import Resources
from headrace.runs import service as runs
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope

REFRESH = "account_refresh"
# Listed while the client waits; the rest of a longer list is left to a run.
_LISTED_AT_ONCE = 500
_STORED_AT_ONCE = 500


def connector_named(name: str) -> Connector:
    """Return the connector of a data source.

    Raises:
        DataSourceUnknown: if there is none.
    """
    connector = connectors().get(name)
    if connector is None:
        raise DataSourceUnknown
    return connector


def create(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    datasource_name: str,
    body: ConnectionIn,
) -> dict[str, Any]:
    """Connect: check the credentials, store them sealed, list the accounts.

    A few hundred accounts are listed before this returns; for more, the list goes on as a run.

    Raises:
        DataSourceUnknown, FieldMissing: as their names say.
        CannotConnect: if the source does not accept the credentials; nothing is stored.
    """
    connector = connector_named(datasource_name)
    spec = connector.spec
    settings = _filled(spec.settings, body.settings)
    _filled(spec.auth.fields, body.credentials)
    connection = Connection(
        uid=uuid4(),
        workspace_id=scope.workspace_id,
        datasource_name=datasource_name,
        title=body.title or spec.title,
        settings=settings,
        account_sync_mode=body.account_sync_mode,
    )
    connection.credentials = resources.vault.seal_object(body.credentials, _place(connection))
    try:
        access = open_access(resources, connection)
        connector.check(access)
        listed = connector.accounts(access)
        found = list(islice(listed, _LISTED_AT_ONCE))
        is_whole = next(listed, None) is None
    except OutsideError as error:
        raise CannotConnect(spec.title, error) from error
    session.add(connection)
    session.flush()
    store_accounts(session, connection, found, is_whole=is_whole, enabled=body.accounts)
    if not is_whole:
        _start_refresh(session, scope, connection, "create")
    return row(session, scope, connection.id)


def reauthorize(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    connection_id: int,
    body: ReauthorizeIn,
) -> dict[str, Any]:
    """Give a connection new credentials or settings, if the source accepts them.

    Raises:
        NotFound, FieldMissing, CannotConnect: as `create`; the old credentials stay on refusal.
    """
    connection = get(session, scope, connection_id)
    connector = connector_named(connection.datasource_name)
    spec = connector.spec
    if body.credentials is not None:
        _filled(spec.auth.fields, body.credentials)
        connection.credentials = resources.vault.seal_object(body.credentials, _place(connection))
    if body.settings is not None:
        connection.settings = _filled(spec.settings, body.settings)
    if body.title is not None:
        connection.title = body.title
    try:
        connector.check(open_access(resources, connection))
    except OutsideError as error:
        raise CannotConnect(spec.title, error) from error
    session.flush()
    connection = held(session, scope, connection_id)
    mark_working(connection)
    _start_refresh(session, scope, connection, "reauthorize")
    session.flush()
    return row(session, scope, connection_id)


def check(
    session: Session, scope: WorkspaceScope, resources: Resources, connection_id: int
) -> dict[str, Any]:
    """Ask the source whether the credentials still work, and record the answer.

    Raises:
        NotFound: if the workspace has no such connection.
    """
    connection = get(session, scope, connection_id)
    connector = connector_named(connection.datasource_name)
    tried, problem = connection.credentials, None
    try:
        connector.check(open_access(resources, connection))
    except OutsideError as error:
        problem = str(error)
    connection = held(session, scope, connection_id)
    if connection.credentials != tried:  # replaced meanwhile, and checked then
        return row(session, scope, connection_id)
    if problem is None:
        mark_working(connection)
    else:
        mark_broken(connection, problem)
    session.flush()
    return row(session, scope, connection_id)


def start_refresh(session: Session, scope: WorkspaceScope, connection_id: int) -> dict[str, Any]:
    """Start a refresh of the account list.

    Raises:
        NotFound: if the workspace has no such connection.
        ConnectionBusy: if one is under way.
    """
    connection = get(session, scope, connection_id)
    if runs.is_busy(session, REFRESH, connection_id):
        raise ConnectionBusy(connection_id)
    _start_refresh(session, scope, connection, "manual")
    return row(session, scope, connection_id)


def _start_refresh(
    session: Session, scope: WorkspaceScope, connection: Connection, trigger: str
) -> None:
    connection.accounts_status = AccountsStatus.LOADING
    session.flush()
    runs.start(
        session,
        scope,
        NewRun(
            kind=REFRESH,
            subject_id=str(connection.id),
            limit_key=limit_key(connection.id),
            trigger=trigger,
            priority=5,
        ),
    )


def limit_key(connection_id: int) -> str:
    """The key under which the runs of a connection are limited."""
    return f"connection:{connection_id}"


def store_accounts(
    session: Session,
    connection: Connection,
    found: list[RemoteAccount],
    *,
    is_whole: bool = True,
    enabled: list[str] | None = None,
) -> None:
    """Bring a connection's accounts up to date with what its source listed.

    `is_whole` tells whether the list was read to its end: only then do missing accounts count as
    gone. `enabled` names the remote ids to enable where the connection takes selected accounts only.
    """
    rows = {item.remote_id: _account_values(connection, item, enabled) for item in found}
    values = list(rows.values())
    for start in range(0, len(values), _STORED_AT_ONCE):
        queries.store_accounts(session, values[start : start + _STORED_AT_ONCE])
    if is_whole:
        queries.unlist_accounts_except(session, connection.id, rows)
        has_accounts = queries.listed_count(session, connection.id) > 0
        connection.accounts_status = (
            AccountsStatus.ACTIVE if has_accounts else AccountsStatus.NO_ACCOUNTS
        )
        connection.update_accounts_was_successfull = True
        connection.update_accounts_last_successed = clock.now()
    session.flush()


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


def get(session: Session, scope: WorkspaceScope, connection_id: int) -> Connection:
    """Return a connection of the workspace.

    Raises:
        NotFound: if there is none.
    """
    connection = queries.connection(session, scope, connection_id)
    if connection is None:
        raise NotFound("Connection")
    return connection


def held(session: Session, scope: WorkspaceScope, connection_id: int) -> Connection:
    """Return a connection as it is now, held until the transaction ends; raises as `get` does.

    After a call to the source, during which others may have changed or deleted it.
    """
    connection = queries.locked_connection(session, scope, connection_id)
    if connection is None:
        raise NotFound("Connection")
    return connection


def row(session: Session, scope: WorkspaceScope, connection_id: int) -> dict[str, Any]:
    """Return a connection with its counters, as `ConnectionOut`.

    Raises:
        NotFound: if there is none.
    """
    statement = queries.connection_rows(scope).where(Connection.id == connection_id)
    found = session.execute(statement).one_or_none()
    if found is None:
        raise NotFound("Connection")
    return found._asdict()


def delete(session: Session, scope: WorkspaceScope, connection_id: int) -> Connection:
    """Delete a connection: credentials are erased, accounts become inactive, data stays.

    Pausing its extracts is for their slice, which calls this.

    Raises:
        NotFound: if there is none, or it was deleted before.
    """
    get(session, scope, connection_id)
    runs.cancel(session, scope, REFRESH, connection_id)  # before what its worker may hold
    connection = held(session, scope, connection_id)
    connection.credentials = None
    connection.settings = {}
    connection.deleted_at = clock.now()
    queries.deactivate_accounts(session, connection_id)
    session.flush()
    return connection


def update_accounts(
    session: Session, scope: WorkspaceScope, connection_id: int, changes: Mapping[int, bool]
) -> list[dict[str, Any]]:
    """Enable or disable accounts of a connection, all of them or none; returns them.

    Raises:
        NotFound: if the workspace has no such connection.
        AccountsForeign: if an id is not of this connection.
    """
    held(session, scope, connection_id)  # a refresh stores accounts in another order
    accounts = {
        account.id: account
        for account in queries.accounts_of(session, scope, changes)
        if account.connection_id == connection_id
    }
    unknown = [account_id for account_id in changes if account_id not in accounts]
    if unknown:
        raise AccountsForeign(unknown)
    for account_id, enabled in changes.items():
        accounts[account_id].enabled_for_embedded_extraction = enabled
    session.flush()
    statement = queries.account_rows(scope, connection_id).where(Account.id.in_(changes))
    return [found._asdict() for found in session.execute(statement.order_by(Account.id))]


def update_account(
    session: Session, scope: WorkspaceScope, connection_id: int, account_id: int, *, enabled: bool
) -> dict[str, Any]:
    """Enable or disable one account.

    Raises:
        NotFound: if the connection has no such account.
    """
    try:
        return update_accounts(session, scope, connection_id, {account_id: enabled})[0]
    except AccountsForeign as error:
        raise NotFound("Account") from error


def bulk_update(
    session: Session, scope: WorkspaceScope, connection_id: int, body: AccountsPatch
) -> list[dict[str, Any]]:
    """Apply a bulk change; raises as `update_accounts`."""
    return update_accounts(session, scope, connection_id, body.changes())


def mark_broken(connection: Connection, reason: str) -> None:
    """Record that a connection's credentials do not work, and why."""
    connection.status = ConnectionStatus.ERROR
    connection.error_text = reason


def mark_working(connection: Connection) -> None:
    """Record that a connection's credentials work."""
    connection.status = ConnectionStatus.ACTIVE
    connection.error_text = None


def open_access(resources: Resources, connection: Connection) -> Access:
    """Give a connector what it needs to reach its source.

    Raises:
        Reauthorize: if the connection was deleted meanwhile.
    """
    if connection.credentials is None:
        raise Reauthorize("The connection was deleted.")
    spec = connector_named(connection.datasource_name).spec
    return Access(
        credentials=resources.vault.open_object(connection.credentials, _place(connection)),
        settings=connection.settings,
        base_url=resources.settings.source_urls.get(spec.name, spec.base_url).rstrip("/"),
        http=resources.http,
        policy=resources.policy,
        file_roots=tuple(resources.settings.file_import_roots),
    )


def _place(connection: Connection) -> str:
    return f"workspace/{connection.workspace_id}/connection/{connection.uid}/credentials"


def _filled(fields: tuple[Setting, ...], given: Mapping[str, Any]) -> dict[str, Any]:
    """Return the given values with defaults, checked by the form; what it does not name is kept."""
    filled = {
        item.name: item.initial_value for item in fields if item.initial_value is not None
    } | dict(given)
    for item in fields:
        if item.required and filled.get(item.name) in (None, ""):
            raise FieldMissing(item.name, item.title)
        _check_value(item, filled.get(item.name))
    return filled


def _check_value(item: Setting, value: Any) -> None:
    if value in (None, ""):
        return
    if item.type is SettingType.BOOLEAN and not isinstance(value, bool):
        raise FieldUnfit(item.name, f"{item.title} takes true or false.")
    if item.type is SettingType.INTEGER and (isinstance(value, bool) or not isinstance(value, int)):
        raise FieldUnfit(item.name, f"{item.title} takes a whole number.")
    options = [choice.value for choice in item.choices]
    if item.type is SettingType.SELECT and value not in options:
        raise FieldUnfit(item.name, f"{item.title} takes {', '.join(options)}.")
