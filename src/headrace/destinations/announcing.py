"""What destination connections tell webhooks, written with the change that it reports."""

from sqlalchemy.orm import Session

from headrace import events
from headrace.destinations.models import DestinationConnection


def status_changed(session: Session, connection: DestinationConnection) -> None:
    """Say that a destination was found to work, or not to."""
    _say(session, "status_changed", connection)


def create_load_changed(session: Session, connection: DestinationConnection) -> None:
    """Say that loads of new tables were switched on or off."""
    _say(session, "create_load_changed", connection)


def _say(session: Session, name: str, connection: DestinationConnection) -> None:
    facts = {
        "destination_connection_id": connection.id,
        "destination_connection_title": connection.title,
        "destination_type": connection.destination_name,
        "destination_status": connection.status,
    }
    events.publish(session, connection.workspace_id, name, facts)
