"""The rules of connections: connecting, reconnecting, accounts, deleting."""

from collections.abc import Callable, Mapping
from itertools import islice
from typing import Any, TypeVar
from uuid import uuid4

from sqlalchemy.orm import Session

from headrace.connections import accounts, announcing, followers, limits, queries
from headrace.connections.errors import (
    CannotConnect,
    ConnectionBusy,
    DataSourceUnknown,
)
from headrace.connections.forms import filled
from headrace.connections.models import (
    AccountsStatus,
    Connection,
    ConnectionStatus,
)
from headrace.connections.schemas import ConnectionIn, ReauthorizeIn
from headrace.connectors.contract import Access, Connector
from headrace.connectors.contract import Account as RemoteAccount
from headrace.connectors.registry import connectors
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.kit.told import told, told_by
from headrace.rest.errors import NotFound
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.runs import service as runs
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope

REFRESH = "account_refresh"
# Listed while the client waits; the rest of a longer list is left to a run.
_LISTED_AT_ONCE = 500
_PATIENCE_SECONDS = 120.0
Answer = TypeVar("Answer")


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
    calls: OutsideCalls | None = None,
    grant_digest: str | None = None,
) -> dict[str, Any]:
    """Connect: check the credentials, store them sealed, list the accounts.

    A few hundred accounts are listed before this returns; for more, the list goes on as a run. With
    `calls` the source is asked between two transactions, without them inside the caller's.
    `grant_digest` tells credentials that a person granted by OAuth from those given as such.

    Raises:
        DataSourceUnknown, FieldMissing, FieldUnfit: as their names say.
        CannotConnect: if the source does not accept the credentials; nothing is stored.
    """
    connector = connector_named(datasource_name)
    spec = connector.spec
    settings = filled(spec.settings, body.settings)
    filled(spec.auth.fields, body.credentials)
    connection = Connection(
        uid=uuid4(),
        workspace_id=scope.workspace_id,
        datasource_name=datasource_name,
        title=body.title or spec.title,
        settings=settings,
        account_sync_mode=body.account_sync_mode,
        created_by=scope.user_id,
        grant_digest=grant_digest,
    )
    connection.credentials = _sealed(resources, connection, body.credentials)
    limits.note_authorization(connection, spec, resources.vault, scope.agency_id, body.credentials)
    access = open_access(resources, connection)
    found, is_whole = asked(calls, scope, spec.title, lambda: _first_look(connector, access))
    session.add(connection)
    session.flush()
    accounts.store(session, connection, found, is_whole=is_whole, enabled=body.accounts)
    if not is_whole:
        _start_refresh(session, scope, connection, "create")
    return row(session, scope, connection.id)


def _first_look(connector: Connector, access: Access) -> tuple[list[RemoteAccount], bool]:
    """Check credentials and list accounts, up to a bound; tells whether the list is whole."""
    connector.check(access)
    listed = connector.accounts(access)
    found = list(islice(listed, _LISTED_AT_ONCE))
    return found, next(listed, None) is None


def asked(
    calls: OutsideCalls | None, scope: WorkspaceScope, title: str, work: Callable[[], Answer]
) -> Answer:
    """Do work that asks a source: between two transactions, or without `calls` inside this one.

    Raises:
        CannotConnect: with the source's reason.
    """
    try:
        if calls is None:
            return work()
        return calls.answer_of(work, key=scope.workspace_id, seconds=_PATIENCE_SECONDS)
    except OutsideError as error:
        raise CannotConnect(title, error) from error


def reauthorize(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    connection_id: int,
    body: ReauthorizeIn,
    calls: OutsideCalls | None = None,
    grant_digest: str | None = None,
) -> dict[str, Any]:
    """Give a connection new credentials or settings, if the source accepts them.

    Raises:
        NotFound, FieldMissing, CannotConnect: as `create`; the old credentials stay on refusal.
    """
    connection = get(session, scope, connection_id)
    connector = connector_named(connection.datasource_name)
    spec = connector.spec
    sealed, settings = connection.credentials, connection.settings
    if body.credentials is not None:
        filled(spec.auth.fields, body.credentials)
        sealed = _sealed(resources, connection, body.credentials)
    if body.settings is not None:
        settings = filled(spec.settings, body.settings)
    access = _access(resources, connection, sealed, settings)
    asked(calls, scope, spec.title, lambda: connector.check(access))
    connection = held(session, scope, connection_id)
    was_broken = connection.status != ConnectionStatus.ACTIVE
    if body.credentials is not None:
        connection.credentials = sealed
        limits.note_authorization(
            connection, spec, resources.vault, scope.agency_id, body.credentials
        )
        connection.grant_digest = grant_digest
    if body.settings is not None:
        connection.settings = settings
    if body.title is not None:
        connection.title = body.title
    announcing.working(session, connection)
    mark_working(connection)
    _start_refresh(session, scope, connection, "reauthorize")
    session.flush()
    if was_broken:
        followers.tell_reconnected(session, scope, connection)
    return row(session, scope, connection_id)


def go_on_listing(session: Session, scope: WorkspaceScope, connection: Connection) -> None:
    """Let a run list the accounts of a new connection that are more than were waited for."""
    _start_refresh(session, scope, connection, "create")


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
            **limits.keys_of(connection),
            trigger=trigger,
            priority=5,
        ),
    )


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


def held_for_renewal(session: Session, scope: WorkspaceScope, connection_id: int) -> Connection:
    """Return a connection as `held` does, but let others refer to it meanwhile; raises as `get`."""
    connection = queries.locked_connection(session, scope, connection_id, is_referred_to=True)
    if connection is None:
        raise NotFound("Connection")
    return connection


def replace_credentials(
    resources: Resources, connection: Connection, credentials: Mapping[str, Any]
) -> None:
    """Seal new credentials of a connection that the caller holds."""
    connection.credentials = _sealed(resources, connection, credentials)


def row(session: Session, scope: WorkspaceScope, connection_id: int) -> dict[str, Any]:
    """Return a connection with its counters, as `ConnectionOut`, its error also as a message.

    Raises:
        NotFound: if there is none.
    """
    rows = queries.connection_rows(scope).add_columns(Connection.error_told)
    found = session.execute(rows.where(Connection.id == connection_id)).one_or_none()
    if found is None:
        raise NotFound("Connection")
    return found._asdict()


def delete(
    session: Session, scope: WorkspaceScope, connection_id: int, revocation: str | None = None
) -> Connection:
    """Delete a connection: credentials are erased, accounts become inactive, data stays.

    Pausing its extracts is for their slice, which calls this. `revocation` is what became of the
    credentials at the platform (`revoking.revoke`); it is kept, and shows in the audit trail.

    Raises:
        NotFound: if there is none, or it was deleted before.
    """
    get(session, scope, connection_id)
    runs.cancel(session, scope, REFRESH, connection_id)  # before what its worker may hold
    connection = held(session, scope, connection_id)
    connection.credentials = None
    connection.grant_digest = None
    connection.revocation = revocation
    connection.settings = {}
    connection.deleted_at = clock.now()
    queries.deactivate_accounts(session, connection_id)
    announcing.deleted(session, connection)
    session.flush()
    return connection


def mark_broken(connection: Connection, error: OutsideError) -> None:
    """Record that a connection's credentials do not work, and why."""
    connection.status = ConnectionStatus.ERROR
    connection.error = told_by(error)


def mark_working(connection: Connection) -> None:
    """Record that a connection's credentials work."""
    connection.status = ConnectionStatus.ACTIVE
    connection.error = None


def open_access(resources: Resources, connection: Connection) -> Access:
    """Give a connector what it needs to reach its source.

    Raises:
        Reauthorize: if the connection was deleted meanwhile.
    """
    return _access(resources, connection, connection.credentials, connection.settings)


def _access(
    resources: Resources, connection: Connection, sealed: str | None, settings: dict[str, Any]
) -> Access:
    if sealed is None:
        raise Reauthorize(told("The connection was deleted."))
    credentials = resources.vault.open_object(sealed, _place(connection))
    return access_with(resources, connection.datasource_name, credentials, settings)


def access_with(
    resources: Resources,
    datasource_name: str,
    credentials: Mapping[str, Any],
    settings: Mapping[str, Any],
) -> Access:
    """Give a connector what it needs to reach its source with credentials that are not stored."""
    spec = connector_named(datasource_name).spec
    return Access(
        credentials=credentials,
        settings=settings,
        base_url=resources.settings.source_urls.get(spec.name, spec.base_url).rstrip("/"),
        http=resources.http,
        policy=resources.policy,
        file_roots=tuple(resources.settings.file_import_roots),
    )


def _sealed(resources: Resources, connection: Connection, credentials: Mapping[str, Any]) -> str:
    return resources.vault.seal_object(dict(credentials), _place(connection))


def _place(connection: Connection) -> str:
    return f"workspace/{connection.workspace_id}/connection/{connection.uid}/credentials"
