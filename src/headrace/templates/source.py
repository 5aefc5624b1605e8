"""What templates ask a data source: a connection and its accounts, looked up and let go of."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace
from typing import TypeVar

from sqlalchemy.orm import Session

from headrace.connections import queries as connection_queries
from headrace.connections import service as connections
from headrace.connections.models import Account, Connection, ConnectionStatus
from headrace.connections.renewal import renewed
from headrace.connectors.contract import Access, Connector
from headrace.connectors.contract import Account as RemoteAccount
from headrace.kit.outcomes import Reauthorize
from headrace.kit.told import told
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.templates import queries
from headrace.templates.errors import AccountsUnfit, ConnectionUnfit
from headrace.templates.models import ExtractTemplate
from headrace.tenancy.scope import WorkspaceScope

PATIENCE_SECONDS = 30.0
"""How long the work of a request may ask a data source."""

_GRACE_SECONDS = 5.0
Answer = TypeVar("Answer")


@dataclass(frozen=True)
class Source:
    """A way to a data source that holds nothing of the database.

    accounts: those asked for, in that order.
    """

    connection_id: int
    connector: Connector
    access: Access
    accounts: tuple[RemoteAccount, ...]


def connection_of(
    session: Session, scope: WorkspaceScope, connection_id: int, datasource_name: str
) -> Connection:
    """Return an active connection to a data source.

    Raises:
        ConnectionUnfit: if it is missing, foreign, of another data source or not active.
    """
    connection = connection_queries.connection(session, scope, connection_id)
    if connection is None:
        raise ConnectionUnfit(
            told(
                "there is no connection {connection_id} in this workspace.",
                connection_id=connection_id,
            )
        )
    if connection.datasource_name != datasource_name:
        raise ConnectionUnfit(
            told(
                "connection {connection_id} is of {own}, the template of {datasource_name}.",
                connection_id=connection_id,
                own=connection.datasource_name,
                datasource_name=datasource_name,
            )
        )
    if connection.status != ConnectionStatus.ACTIVE:
        raise ConnectionUnfit(
            told(
                "connection {connection_id} is not active; reconnect it first.",
                connection_id=connection_id,
            )
        )
    return connection


def source_of(
    resources: Resources, connection: Connection, accounts: Sequence[Account] = ()
) -> Source:
    """Return the way to the source of a connection, for calls without the database."""
    return Source(
        connection_id=connection.id,
        connector=connections.connector_named(connection.datasource_name),
        access=connections.open_access(resources, connection),
        accounts=tuple(map(as_remote, accounts)),
    )


def asked(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    source: Source,
    work: Callable[[Source], Answer],
) -> Answer:
    """Do work that asks a source; the transaction ends before, and another begins after.

    Credentials that lived no more are made new where that needs no person, and the work is done
    once again.

    Raises:
        TooManyCalls: if the workspace has too many calls under way.
        OutsideError: as the work, or the renewal, raises it.
    """

    def answer_with(way: Source) -> Answer:
        return calls.answer_of(
            lambda: work(way), key=scope.workspace_id, seconds=PATIENCE_SECONDS + _GRACE_SECONDS
        )

    try:
        return answer_with(source)
    except Reauthorize:
        connection = renewed(session, scope, resources, source.connection_id)
        access = connections.open_access(resources, connection)
        if access.credentials == source.access.credentials:
            raise
    return answer_with(replace(source, access=access))


def as_remote(account: Account) -> RemoteAccount:
    """Return an account as its connector knows it."""
    return RemoteAccount(
        remote_id=account.remote_id,
        title=account.title,
        currency=account.currency,
        timezone=account.timezone,
        item=account.item,
    )


def accounts_named(
    session: Session, scope: WorkspaceScope, connection: Connection, remote_ids: Sequence[str]
) -> list[Account]:
    """Return accounts of a connection by their remote ids, in that order, each once.

    Raises:
        AccountsUnfit: naming those that are missing or inactive.
    """
    wanted = list(dict.fromkeys(remote_ids))
    found = queries.accounts_by_remote_id(session, scope, connection.id, wanted)
    missing = [item for item in wanted if item not in found]
    if missing:
        listed = ", ".join(item[:100] for item in missing[:10])
        raise AccountsUnfit(
            told(
                "connection {connection_id} has no active accounts {listed}.",
                connection_id=connection.id,
                listed=listed,
            )
        )
    return [found[item] for item in wanted]


def accounts_together(
    session: Session, scope: WorkspaceScope, template: ExtractTemplate, ids: Sequence[int]
) -> tuple[Connection, list[Account]]:
    """Return accounts by their embedded ids with the one connection they are of (contract 4.9).

    Raises:
        AccountsUnfit: if one does not exist, or they are of several connections, or of another data
            source than the template.
    """
    accounts = list(connection_queries.accounts_of(session, scope, set(ids)))
    missing = sorted(set(ids) - {account.id for account in accounts})
    if missing:
        listed = ", ".join(map(str, missing[:10]))
        raise AccountsUnfit(
            told("there are no accounts {listed} in this workspace.", listed=listed)
        )
    if len({account.connection_id for account in accounts}) > 1:
        raise AccountsUnfit(told("all accounts must be of one connection."))
    connection = connection_queries.connection(session, scope, accounts[0].connection_id)
    if connection is None:
        raise AccountsUnfit(told("their connection was deleted."))
    if connection.datasource_name != template.datasource_name:
        raise AccountsUnfit(
            told(
                "they are of {own}, the template of {datasource_name}.",
                own=connection.datasource_name,
                datasource_name=template.datasource_name,
            )
        )
    return connection, accounts
