"""Deleting a connection, and having its platform take the credentials back where it offers that."""

from sqlalchemy.orm import Session

from headrace.connections import queries, service
from headrace.connectors.abilities import RevokesCredentials
from headrace.db.roles import as_server
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.rest.outside import OutsideCalls, TooManyCalls
from headrace.rest.resources import Resources
from headrace.tenancy.scope import WorkspaceScope

REVOKED = "revoked"
GIVEN = "not revoked: the credentials were given as such, and may be in use elsewhere"
SHARED = "not revoked: other connections stand on the same authorization"
NOT_OFFERED = "not revoked: the platform offers no way"
ENDED = "not revoked: the credentials had ended already"
BUSY = "not revoked: too many calls were under way"
_PATIENCE_SECONDS = 10.0


def revoke(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    calls: OutsideCalls,
    connection_id: int,
) -> str:
    """Try to have a connection's credentials taken back, within ten seconds; says what became of it.

    Nothing that goes wrong here stops the deletion that follows. Only what a person granted by OAuth
    is taken back: a token that was handed to us may work elsewhere, and where one grant carries
    several connections (Meta has one for a person and an app), it lives as long as the last of them.

    Raises:
        NotFound: if the workspace has no such connection.
    """
    connection = service.get(session, scope, connection_id)
    connector = service.connector_named(connection.datasource_name)
    if not isinstance(connector, RevokesCredentials):
        return NOT_OFFERED
    if connection.grant_digest is None:
        return GIVEN
    # Of any workspace: that another one stands on the same grant is all that is learned of it.
    with as_server(session):
        is_shared = queries.shares_grant(session, connection.id, connection.grant_digest)
    if is_shared:
        return SHARED
    access = service.open_access(resources, connection)
    try:
        calls.answer_of(
            lambda: connector.revoke(access), key=scope.workspace_id, seconds=_PATIENCE_SECONDS
        )
    except TooManyCalls:
        return BUSY
    except Reauthorize:
        return ENDED
    except OutsideError as error:
        return f"not revoked: {error}"
    return REVOKED
