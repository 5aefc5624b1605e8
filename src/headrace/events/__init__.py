"""What happened: rows written in the transaction of the change they report.

Whoever changes something says `events.publish(session, workspace_id, "load_completed", facts)`.
"""

from headrace.events.publishing import WAKE_CHANNEL, NewEvent, publish, record

__all__ = ["WAKE_CHANNEL", "NewEvent", "publish", "record"]
