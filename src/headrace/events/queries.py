"""All SQL of events."""

from datetime import datetime
from typing import Any

from sqlalchemy import bindparam, delete, select, text
from sqlalchemy.orm import Session

from headrace.db.prepared import prepared
from headrace.events.models import Event
from headrace.tenancy.models import Agency, Workspace

_TITLES = prepared(
    select(Agency.title, Workspace.title)
    .join(Workspace, Workspace.agency_id == Agency.id)
    .where(Workspace.id == bindparam("workspace_id", required=False)),
    "workspace_id",
)

# Two round trips, not one: the policy of the outbox wants an event that it can see, and a statement
# does not see what it inserts itself.
_STORE = text("""
    INSERT INTO event (workspace_id, uid, type, body, is_test)
    VALUES (:workspace_id, :uid, :type, :body, :is_test)
    RETURNING id
""")
_LET_BE_TAKEN = text("""
    WITH waiting AS (INSERT INTO event_outbox (event_id) VALUES (:event_id))
    SELECT pg_notify(:channel, '')
""")


def titles(session: Session, workspace_id: int) -> tuple[str, str]:
    """Return the titles of a workspace's agency and of the workspace, which must exist."""
    session.flush()
    found: Any = _TITLES.execute(session, {"workspace_id": workspace_id}).one()
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
    return int(session.execute(_STORE, values).scalar_one())


def put_in_outbox(session: Session, event_id: int, channel: str) -> None:
    """Let an event be taken up, and say so on a channel when this transaction commits."""
    session.execute(_LET_BE_TAKEN, {"event_id": event_id, "channel": channel})


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
