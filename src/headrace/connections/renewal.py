"""Credentials that change under a run: made new before they end, or replaced while it uses them."""

from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager, contextmanager

from sqlalchemy.orm import Session

from headrace.connections import announcing, queries, service
from headrace.connections.models import Connection, ConnectionStatus
from headrace.connectors.abilities import RenewsCredentials
from headrace.kit.outcomes import Reauthorize, TryLater
from headrace.kit.told import told
from headrace.rest.resources import Resources
from headrace.tenancy.scope import WorkspaceScope


def renewed(
    session: Session, scope: WorkspaceScope, resources: Resources, connection_id: int
) -> Connection:
    """Return a connection whose credentials will live for a while, made new if they would not.

    Others who want the same wait here, and then find it done: a provider may end the old ones. The
    transaction must be committed before the credentials are used. Who dies between the provider's
    answer and the commit leaves credentials that may be worthless: then the provider says so next
    time, and a person has to reconnect.

    Raises:
        NotFound: if the connection was deleted.
        Reauthorize: if a person has to connect again.
        OutsideError: as the provider answers.
    """
    connection = service.get(session, scope, connection_id)
    connector = service.connector_named(connection.datasource_name)
    if not isinstance(connector, RenewsCredentials):
        return connection
    connection = service.held_for_renewal(session, scope, connection_id)
    if connection.status == ConnectionStatus.ERROR:
        # Who waited while the provider refused need not ask the same once more.
        raise Reauthorize(connection.error or told("The connection does not work; reconnect it."))
    renewal = connector.renew(service.open_access(resources, connection))
    if renewal is not None:
        service.replace_credentials(resources, connection, renewal.credentials)
        session.flush()
    return connection


def renewed_by_itself(
    look: Callable[[], AbstractContextManager[Session]],
    scope: WorkspaceScope,
    resources: Resources,
    connection_id: int,
) -> Connection:
    """Return a connection as `renewed` does, in a transaction of its own that outlasts a refusal.

    A refusal is recorded before anybody else gets to ask: those who waited meet a connection that
    does not work, and do not ask the provider the same once more.

    look: opens a transaction in the workspace. Raises as `renewed` does.
    """
    with look() as session:
        try:
            return renewed(session, scope, resources, connection_id)
        except Reauthorize as error:
            refusal = error
            connection = service.held_for_renewal(session, scope, connection_id)
            if connection.status == ConnectionStatus.ACTIVE:
                announcing.broken(session, connection, error)
                service.mark_broken(connection, error)
    raise refusal


@contextmanager
def while_current(
    look: Callable[[], AbstractContextManager[Session]], used: Connection
) -> Iterator[None]:
    """Let credentials that were replaced while a block used them fail as a passing fault.

    look: opens a session to read with. used: the connection as the block opened it.

    Raises:
        TryLater: in place of `Reauthorize`, if the connection has other credentials by then.
    """
    try:
        yield
    except Reauthorize as error:
        with look() as session:
            now = queries.credentials_now(session, used.id)
        if now is None or now == used.credentials:
            raise
        raise TryLater(told("The connection got new credentials meanwhile.")) from error
