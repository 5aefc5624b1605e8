"""All SQL of events."""

from datetime import datetime

from sqlalchemy import delete, insert, select
from sqlalchemy.orm import Session

from headrace.events.models import Event, EventOutbox
from headrace.tenancy.models import Agency, Workspace


def titles(session: Session, workspace_id: int) -> tuple[str, str]:
    """Return the titles of a workspace's agency and of the workspace, which must exist."""
    found = session.execute(
        select(Agency.title, Workspace.title)
        .join(Workspace, Workspace.agency_id == Agency.id)
        .where(Workspace.id == workspace_id)
    ).one()
    return found[0], found[1]


def insert_event(
    session: Session, workspace_id: int, uid: str, name: str, body: str, *, is_test: bool
) -> int:
    """Store an event and return its id."""
    values = {
        "workspace_id": workspace_id,
        "uid": uid,
        "type": name,
        "body": body,
        "is_test": is_test,
    }
    stored = session.execute(insert(Event).values(values).returning(Event.id)).scalar_one()
    return int(stored)


def put_in_outbox(session: Session, event_id: int) -> None:
    """Let an event be taken up."""
    session.execute(insert(EventOutbox).values(event_id=event_id))


def delete_events_before(session: Session, moment: datetime, at_most: int) -> int:
    """Delete events older than a moment, and what was made of them; returns how many."""
    old = (
        select(Event.id)
        .where(Event.created_at < moment)
        .order_by(Event.created_at)
        .limit(at_most)
        .with_for_update(skip_locked=True)
    )
    gone = session.execute(delete(Event).where(Event.id.in_(old)).returning(Event.id))
    return len(gone.all())
