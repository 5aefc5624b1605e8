"""What connections tell webhooks: each event is written with the change that it reports."""

from sqlalchemy.orm import Session

from headrace import events
from headrace.connections.models import Connection, ConnectionStatus
from headrace.kit.outcomes import OutsideError, Reauthorize


def broken(session: Session, connection: Connection, error: OutsideError) -> None:
    """Say that a connection stops working, before that is recorded; again only after a recovery."""
    if connection.status != ConnectionStatus.ACTIVE:
        return
    _say(session, "connection_error", connection, error_text=str(error))
    if isinstance(error, Reauthorize):
        _say(session, "connection_invalidated", connection, error_text=str(error))


def working(session: Session, connection: Connection) -> None:
    """Say that a connection that did not work does, before that is recorded."""
    if connection.status == ConnectionStatus.ERROR:
        _say(session, "connection_recovered", connection)


def accounts_unread(session: Session, connection: Connection, error: OutsideError) -> None:
    """Say that the account list could not be read."""
    refused = isinstance(error, Reauthorize)
    name = f"connection_accounts_update_{'error' if refused else 'fail'}"
    _say(session, name, connection, error_text=str(error))


def deleted(session: Session, connection: Connection) -> None:
    """Say that a connection was deleted."""
    _say(session, "connection_deleted", connection)


def _say(session: Session, name: str, connection: Connection, **more: object) -> None:
    facts = {
        "connection_id": connection.id,
        "connection_title": connection.title,
        "datasource_name": connection.datasource_name,
    }
    events.publish(session, connection.workspace_id, name, facts | more)
