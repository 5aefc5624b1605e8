"""Publishing: an event exists if and only if the change it reports committed (promise 2)."""

import uuid
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import UTC, date, datetime
from typing import Any

import msgspec
from sqlalchemy import func
from sqlalchemy.orm import Session

from headrace.events import queries
from headrace.events.catalogue import EVENT_TYPES, common_facts, facts_fit
from headrace.kit import clock

WAKE_CHANNEL = "headrace_events"
"""The notification that tells dispatchers that an event, or a delivery, waits."""

_TIMESTAMP = "%Y-%m-%d %H:%M:%S.%f"


@dataclass(frozen=True)
class NewEvent:
    """An event as it was stored. uid: the id that receivers see."""

    id: int
    uid: str


def publish(session: Session, workspace_id: int, name: str, facts: Mapping[str, object]) -> None:
    """Say that something happened in a workspace; delivered if this transaction commits.

    facts: values of exactly the keys that the type has of its own. None becomes an empty text.

    Raises:
        KeyError: if the catalogue has no such type.
        ValueError: if keys are missing, or others given.
    """
    new = record(session, workspace_id, name, facts)
    queries.put_in_outbox(session, new.id, WAKE_CHANNEL)


def record(
    session: Session,
    workspace_id: int,
    name: str,
    facts: Mapping[str, object],
    *,
    is_test: bool = False,
) -> NewEvent:
    """Store an event without letting it be taken up; raises as `publish` does."""
    item = EVENT_TYPES[name]
    if not facts_fit(name, facts):
        raise ValueError(f"an event {name} has the keys {item.keys}, not {tuple(facts)}")
    timestamp = moment_text(clock.now())
    titles = queries.titles(session, workspace_id)
    data = common_facts(item, timestamp, *titles, workspace_id)
    data |= {key: _as_text(value) for key, value in facts.items()}
    uid = uuid.uuid4().hex.upper()
    body = {"id": uid, "type": name, "timestamp": timestamp, "data": data}
    text = msgspec.json.encode(body).decode()
    event_id = queries.insert_event(session, workspace_id, uid, name, text, is_test=is_test)
    return NewEvent(event_id, uid)


def wake(session: Session) -> None:
    """Tell the dispatchers, when this transaction commits, that something waits."""
    session.execute(func.pg_notify(WAKE_CHANNEL, "").select())


def moment_text(moment: datetime) -> str:
    """Write a moment as events do: in UTC, with a space and no zone (contract 6.3)."""
    return moment.astimezone(UTC).strftime(_TIMESTAMP)


def _as_text(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, datetime):
        return moment_text(value)
    if isinstance(value, date):
        return value.isoformat()
    return str(value)
