"""Asks a source whether a connection's credentials still work, and records the answer."""

from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import announcing, followers, service
from headrace.connections.errors import CannotConnect
from headrace.connections.models import Connection, ConnectionStatus
from headrace.connections.renewal import renewed
from headrace.connectors.abilities import RenewsCredentials
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.rest.outside import OutsideCalls
from headrace.rest.resources import Resources
from headrace.tenancy.scope import WorkspaceScope


def check(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    connection_id: int,
) -> dict[str, Any]:
    """Ask the source whether the credentials still work, and record the answer.

    Credentials that have ended are made new first, where that needs no person.

    Raises:
        NotFound: if the workspace has no such connection.
    """
    connection = service.get(session, scope, connection_id)
    tried = connection.credentials
    problem = _problem(scope, resources, calls, connection)
    if isinstance(problem, Reauthorize) and _is_renewed(session, scope, resources, connection_id):
        connection = service.get(session, scope, connection_id)
        tried = connection.credentials
        problem = _problem(scope, resources, calls, connection)
    connection = service.held(session, scope, connection_id)
    if connection.credentials != tried:  # replaced meanwhile, and checked then
        return service.row(session, scope, connection_id)
    was_broken = connection.status != ConnectionStatus.ACTIVE
    if problem is not None:
        announcing.broken(session, connection, problem)
        service.mark_broken(connection, problem)
    else:
        announcing.working(session, connection)
        service.mark_working(connection)
    session.flush()
    if problem is None and was_broken:
        followers.tell_reconnected(session, scope, connection)
    return service.row(session, scope, connection_id)


def _problem(
    scope: WorkspaceScope, resources: Resources, calls: OutsideCalls, connection: Connection
) -> OutsideError | None:
    connector = service.connector_named(connection.datasource_name)
    access = service.open_access(resources, connection)
    try:
        service.asked(calls, scope, connector.spec.title, lambda: connector.check(access))
    except CannotConnect as error:
        return error.reason
    return None


def _is_renewed(
    session: Session, scope: WorkspaceScope, resources: Resources, connection_id: int
) -> bool:
    """Make credentials new where that can be; they are stored with the transaction that goes on."""
    connection = service.get(session, scope, connection_id)
    connector = service.connector_named(connection.datasource_name)
    if not isinstance(connector, RenewsCredentials):
        return False
    before = connection.credentials
    try:
        return renewed(session, scope, resources, connection_id).credentials != before
    except OutsideError:
        return False
