"""What the worker's chores remove of webhooks: old events with their deliveries, idle hosts."""

from datetime import timedelta

from sqlalchemy.orm import Session

from headrace.events import queries as events
from headrace.kit import clock
from headrace.webhooks import queries

_AT_ONCE = 1000
_IDLE_HOSTS_KEPT = timedelta(days=1)


def forget(session: Session, older_than: timedelta) -> int:
    """Delete events older than this with the log of their deliveries; returns how many.

    A thousand at a time: call it again until nothing is left.
    """
    now = clock.now()
    queries.delete_idle_hosts(session, now - _IDLE_HOSTS_KEPT)
    return events.delete_events_before(session, now - older_than, _AT_ONCE)
