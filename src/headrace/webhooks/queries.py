"""SQL of webhooks that requests use; that of the dispatcher is in `queue`."""

from collections.abc import Iterable, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

from sqlalchemy import Row, Select, delete, func, literal, select, tuple_, update
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import Session

from headrace.access.models import User
from headrace.events.models import Event
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import WorkspaceScope, owned, owned_columns
from headrace.webhooks.models import (
    DeliveryStatus,
    EndpointStatus,
    QueuedDelivery,
    WebhookDelivery,
    WebhookEndpoint,
    WebhookHost,
    WebhookSubscription,
)

# First half of an advisory lock's number; the second is the workspace.
_LIST_LOCK = 0x6865_7764
_INT_END = 2**31

REPLAYED_AT_MOST = 10_000
"""Deliveries that one replay queues."""

# Endpoints.


def endpoint(session: Session, scope: WorkspaceScope, endpoint_id: int) -> WebhookEndpoint | None:
    """Return an endpoint of the workspace."""
    return session.scalar(owned(WebhookEndpoint, scope).where(WebhookEndpoint.id == endpoint_id))


def held_endpoint(
    session: Session, scope: WorkspaceScope, endpoint_id: int
) -> WebhookEndpoint | None:
    """Return an endpoint as it is now, held against changes."""
    return session.scalar(
        owned(WebhookEndpoint, scope)
        .where(WebhookEndpoint.id == endpoint_id)
        .with_for_update()
        .execution_options(populate_existing=True)
    )


def endpoint_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select the workspace's endpoints, as `WebhookEndpointListItem`."""
    count = (
        select(func.count())
        .select_from(WebhookSubscription)
        .where(
            WebhookSubscription.workspace_id == WebhookEndpoint.workspace_id,
            WebhookSubscription.endpoint_id == WebhookEndpoint.id,
        )
        .scalar_subquery()
    )
    return owned_columns(
        WebhookEndpoint,
        scope,
        WebhookEndpoint.id,
        WebhookEndpoint.url,
        WebhookEndpoint.status,
        WebhookEndpoint.consecutive_failures,
        count.label("subscriptions_count"),
        WebhookEndpoint.created_at,
        WebhookEndpoint.updated_at,
    ).order_by(WebhookEndpoint.id)


def chiefs_of_endpoints(session: Session, endpoint_ids: Iterable[int]) -> Sequence[Any]:
    """Return the active chiefs of whoever has these endpoints, of any workspace.

    Rows of `endpoint_id`, `workspace_id`, `user_id` and `username`.
    """
    return session.execute(
        select(
            WebhookEndpoint.id.label("endpoint_id"),
            WebhookEndpoint.workspace_id,
            User.id.label("user_id"),
            User.username,
        )
        .join(Workspace, Workspace.id == WebhookEndpoint.workspace_id)
        .join(User, User.agency_id == Workspace.agency_id)
        .where(WebhookEndpoint.id.in_(list(endpoint_ids)), User.is_chief, User.is_active)
    ).all()


def disabled_endpoint(
    session: Session, scope: WorkspaceScope, endpoint_id: int, user_id: int
) -> Row[Any] | None:
    """Return what a mail to a chief says of an endpoint, if both are still what they were."""
    return session.execute(
        owned_columns(
            WebhookEndpoint,
            scope,
            WebhookEndpoint.id,
            WebhookEndpoint.host,
            WebhookEndpoint.disabled_reason,
            Workspace.title.label("workspace_title"),
            User.username,
        )
        .join(Workspace, Workspace.id == WebhookEndpoint.workspace_id)
        .join(User, User.agency_id == Workspace.agency_id)
        .where(
            WebhookEndpoint.id == endpoint_id,
            WebhookEndpoint.status == EndpointStatus.DISABLED,
            User.id == user_id,
            User.is_chief,
            User.is_active,
        )
    ).one_or_none()


def hold_endpoint_list(session: Session, scope: WorkspaceScope) -> int:
    """Let nobody else add an endpoint before this transaction ends; returns how many there are."""
    number = scope.workspace_id % _INT_END
    session.execute(func.pg_advisory_xact_lock(_LIST_LOCK, number).select())
    return session.scalar(owned_columns(WebhookEndpoint, scope, func.count())) or 0


def url_is_taken(
    session: Session, scope: WorkspaceScope, url: str, except_id: int | None = None
) -> bool:
    """Whether another endpoint of the workspace has a URL."""
    statement = owned_columns(WebhookEndpoint, scope, WebhookEndpoint.id).where(
        WebhookEndpoint.url == url, WebhookEndpoint.id.is_distinct_from(except_id)
    )
    return session.scalar(statement) is not None


def subscriptions(
    session: Session, scope: WorkspaceScope, endpoint_id: int
) -> Sequence[WebhookSubscription]:
    """Return what an endpoint subscribes to, in the order in which it was asked for."""
    return session.scalars(
        owned(WebhookSubscription, scope)
        .where(WebhookSubscription.endpoint_id == endpoint_id)
        .order_by(WebhookSubscription.id)
    ).all()


def unsubscribe_except(
    session: Session, scope: WorkspaceScope, endpoint_id: int, names: Iterable[str]
) -> None:
    """End an endpoint's subscriptions to other types than these."""
    session.execute(
        delete(WebhookSubscription).where(
            WebhookSubscription.workspace_id == scope.workspace_id,
            WebhookSubscription.endpoint_id == endpoint_id,
            WebhookSubscription.event_type_name.not_in(list(names)),
        )
    )


def subscribe(
    session: Session, scope: WorkspaceScope, endpoint_id: int, names: Iterable[str]
) -> None:
    """Subscribe an endpoint to types; those it has stay as they are."""
    rows = [
        {
            "workspace_id": scope.workspace_id,
            "endpoint_id": endpoint_id,
            "event_type_name": name,
        }
        for name in names
    ]
    if rows:
        session.execute(insert(WebhookSubscription).values(rows).on_conflict_do_nothing())


# Deliveries.


@dataclass(frozen=True)
class DeliveryFilter:
    """Which deliveries are listed; None: any. before: the id of a delivery, which is newer."""

    endpoint_id: int | None = None
    status: str | None = None
    event_type: str | None = None
    since: datetime | None = None
    until: datetime | None = None
    before: int | None = None


def delivery_rows(scope: WorkspaceScope) -> Select[Any]:
    """Select the workspace's deliveries with what `presentation.delivery` shows, in no order."""
    return (
        owned_columns(
            WebhookDelivery,
            scope,
            WebhookDelivery.id,
            WebhookDelivery.endpoint_id,
            Event.uid.label("event_id"),
            WebhookDelivery.event_type,
            WebhookDelivery.status,
            Event.is_test,
            func.jsonb_array_length(WebhookDelivery.attempts).label("attempts_count"),
            WebhookDelivery.response_status,
            QueuedDelivery.due_at,
            QueuedDelivery.is_given_up,
            WebhookDelivery.created_at,
            WebhookDelivery.finished_at,
        )
        .join(Event, Event.id == WebhookDelivery.event_id)
        .outerjoin(QueuedDelivery, QueuedDelivery.delivery_id == WebhookDelivery.id)
    )


def filtered(scope: WorkspaceScope, asked: DeliveryFilter) -> Select[Any]:
    """Select deliveries by a filter, newest first."""
    statement = delivery_rows(scope)
    if asked.endpoint_id is not None:
        statement = statement.where(WebhookDelivery.endpoint_id == asked.endpoint_id)
    if asked.event_type is not None:
        statement = statement.where(WebhookDelivery.event_type == asked.event_type)
    if asked.since is not None:
        statement = statement.where(WebhookDelivery.created_at >= asked.since)
    if asked.until is not None:
        statement = statement.where(WebhookDelivery.created_at < asked.until)
    if asked.status is not None:
        statement = statement.where(WebhookDelivery.status == asked.status)
        if asked.status != DeliveryStatus.DELIVERED:
            # Those in the queue are few; without this a long log would be searched for them.
            statement = statement.where(
                QueuedDelivery.workspace_id == scope.workspace_id,
                QueuedDelivery.is_given_up.is_(asked.status == DeliveryStatus.FAILED),
            )
    if asked.before is not None:
        last = (
            owned_columns(WebhookDelivery, scope, WebhookDelivery.created_at, WebhookDelivery.id)
            .where(WebhookDelivery.id == asked.before)
            .subquery()
        )
        place = tuple_(WebhookDelivery.created_at, WebhookDelivery.id)
        statement = statement.where(place < select(last).scalar_subquery())
    return statement.order_by(WebhookDelivery.created_at.desc(), WebhookDelivery.id.desc())


def delivery(session: Session, scope: WorkspaceScope, delivery_id: int) -> Any:
    """Return a row of one delivery with its attempts and the event's body; None if there is none."""
    statement = delivery_rows(scope).where(WebhookDelivery.id == delivery_id)
    statement = statement.add_columns(WebhookDelivery.attempts, Event.body)
    return session.execute(statement).one_or_none()


def add_delivery(
    session: Session, scope: WorkspaceScope, endpoint_id: int, event_id: int, event_type: str
) -> int:
    """Store a delivery of an event to an endpoint, due now; returns its id."""
    values = {
        "workspace_id": scope.workspace_id,
        "endpoint_id": endpoint_id,
        "event_id": event_id,
        "event_type": event_type,
    }
    stored = insert(WebhookDelivery).values(values).returning(WebhookDelivery.id)
    delivery_id: int = session.execute(stored).scalar_one()
    queue_again(session, scope, [delivery_id], is_redelivery=False)
    return delivery_id


def queue_again(
    session: Session, scope: WorkspaceScope, ids: Sequence[int], *, is_redelivery: bool = True
) -> None:
    """Make deliveries of the workspace due now, from the first try."""
    chosen = owned_columns(
        WebhookDelivery,
        scope,
        WebhookDelivery.id,
        WebhookDelivery.workspace_id,
        WebhookDelivery.endpoint_id,
        func.clock_timestamp(),
        literal(is_redelivery),
    ).where(WebhookDelivery.id.in_(ids))
    columns = ["delivery_id", "workspace_id", "endpoint_id", "due_at", "is_redelivery"]
    queued = insert(QueuedDelivery).from_select(columns, chosen)
    again = {
        "due_at": queued.excluded.due_at,
        "is_redelivery": queued.excluded.is_redelivery,
        "tries": 0,
        "is_given_up": False,
    }
    session.execute(queued.on_conflict_do_update(index_elements=["delivery_id"], set_=again))
    session.execute(
        update(WebhookDelivery)
        .where(WebhookDelivery.workspace_id == scope.workspace_id, WebhookDelivery.id.in_(ids))
        .values(status=DeliveryStatus.PENDING, finished_at=None)
    )


def given_up_ids(
    session: Session, scope: WorkspaceScope, endpoint_id: int, since: datetime, until: datetime
) -> Sequence[int]:
    """Return the ids of an endpoint's failed deliveries of events of a range, oldest first."""
    return session.scalars(
        owned_columns(QueuedDelivery, scope, QueuedDelivery.delivery_id)
        .join(WebhookDelivery, WebhookDelivery.id == QueuedDelivery.delivery_id)
        .join(Event, Event.id == WebhookDelivery.event_id)
        .where(
            QueuedDelivery.endpoint_id == endpoint_id,
            QueuedDelivery.is_given_up,
            Event.created_at >= since,
            Event.created_at < until,
        )
        .order_by(Event.created_at, Event.id)
        .limit(REPLAYED_AT_MOST + 1)
    ).all()


def wanted_events(
    session: Session, scope: WorkspaceScope, endpoint_id: int, since: datetime, until: datetime
) -> Sequence[Any]:
    """Return `(id, type)` of the events of a range that an endpoint subscribes to, oldest first."""
    return session.execute(
        owned_columns(Event, scope, Event.id, Event.type)
        .join(
            WebhookSubscription,
            (WebhookSubscription.workspace_id == Event.workspace_id)
            & (WebhookSubscription.event_type_name == Event.type),
        )
        .where(
            WebhookSubscription.endpoint_id == endpoint_id,
            Event.is_test.is_(False),
            Event.created_at >= since,
            Event.created_at < until,
        )
        .order_by(Event.created_at, Event.id)
        .limit(REPLAYED_AT_MOST + 1)
    ).all()


def make_deliveries(
    session: Session, scope: WorkspaceScope, endpoint_id: int, events: Sequence[Any]
) -> Sequence[int]:
    """Make deliveries of events to an endpoint where there are none; return the ids of all."""
    rows = [
        {
            "workspace_id": scope.workspace_id,
            "endpoint_id": endpoint_id,
            "event_id": event.id,
            "event_type": event.type,
        }
        for event in events
    ]
    if rows:
        session.execute(insert(WebhookDelivery).on_conflict_do_nothing(), rows)
    return session.scalars(
        owned_columns(WebhookDelivery, scope, WebhookDelivery.id).where(
            WebhookDelivery.endpoint_id == endpoint_id,
            WebhookDelivery.event_id.in_([event.id for event in events]),
        )
    ).all()


def delete_idle_hosts(session: Session, since: datetime) -> None:
    """Forget the budgets of hosts that got nothing since a moment: they are full."""
    session.execute(delete(WebhookHost).where(WebhookHost.refilled_at < since))
