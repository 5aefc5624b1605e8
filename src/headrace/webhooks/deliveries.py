"""The rules of deliveries as clients see them: the log, sending again, trying an endpoint."""

from typing import Any

from sqlalchemy.orm import Session

from headrace.events import publishing as events
from headrace.events.catalogue import EVENT_TYPES
from headrace.kit import clock
from headrace.rest.errors import NotFound
from headrace.rest.paging import PageAsked
from headrace.tenancy.scope import WorkspaceScope
from headrace.webhooks import presentation, queries, service
from headrace.webhooks.errors import EndpointNotActive, EventTypeUnknown, RangeReversed
from headrace.webhooks.models import EndpointStatus, WebhookEndpoint
from headrace.webhooks.queries import REPLAYED_AT_MOST, DeliveryFilter
from headrace.webhooks.schemas import ReplayRequest, TryRequest


def page(
    session: Session, scope: WorkspaceScope, asked: PageAsked, wanted: DeliveryFilter
) -> dict[str, Any]:
    """Return a page of the log, newest first, as `DeliveryPage`."""
    rows = session.execute(queries.filtered(scope, wanted).limit(asked.size + 1)).all()
    shown = [presentation.delivery(row) for row in rows[: asked.size]]
    link = None
    if len(rows) > asked.size:
        link = asked.link(before=shown[-1]["id"])
    return {"next": link, "results": shown}


def detail(session: Session, scope: WorkspaceScope, delivery_id: int) -> dict[str, Any]:
    """Return a delivery with its attempts, as `WebhookDeliveryDetail`.

    Raises:
        NotFound: if the workspace has no such delivery.
    """
    row = queries.delivery(session, scope, delivery_id)
    if row is None:
        raise NotFound("Webhook delivery")
    return presentation.delivery_detail(row)


def redeliver(session: Session, scope: WorkspaceScope, delivery_id: int) -> dict[str, Any]:
    """Send a delivery once more, with the same key and bytes, whatever became of it.

    Raises:
        NotFound: if the workspace has no such delivery.
        EndpointNotActive: as its name says.
    """
    found = detail(session, scope, delivery_id)
    _active(session, scope, found["endpoint_id"])
    queries.queue_again(session, scope, [delivery_id])
    events.wake(session)
    return detail(session, scope, delivery_id)


def replay(
    session: Session, scope: WorkspaceScope, endpoint_id: int, asked: ReplayRequest
) -> dict[str, Any]:
    """Send the events of a range once more: those that failed, or all; at most 10,000 a call.

    Raises:
        NotFound, EndpointNotActive, RangeReversed: as their names say.
    """
    _active(session, scope, endpoint_id)
    until = asked.until or clock.now()
    if asked.until is not None and asked.until <= asked.since:
        raise RangeReversed
    if asked.deliveries == "failed":
        ids = queries.given_up_ids(session, scope, endpoint_id, asked.since, until)
        is_complete = len(ids) <= REPLAYED_AT_MOST
        ids = ids[:REPLAYED_AT_MOST]
    else:
        wanted = queries.wanted_events(session, scope, endpoint_id, asked.since, until)
        is_complete = len(wanted) <= REPLAYED_AT_MOST
        ids = queries.make_deliveries(session, scope, endpoint_id, wanted[:REPLAYED_AT_MOST])
    queries.queue_again(session, scope, ids)
    events.wake(session)
    return {"count": len(ids), "is_complete": is_complete}


def send_test(
    session: Session, scope: WorkspaceScope, endpoint_id: int, asked: TryRequest
) -> dict[str, Any]:
    """Send the sample of an event type to one endpoint; return the delivery as in the log.

    Raises:
        NotFound, EndpointNotActive, EventTypeUnknown, TooManyChecks: as their names say.
    """
    endpoint = _active(session, scope, endpoint_id)
    if asked.event_type not in EVENT_TYPES:
        raise EventTypeUnknown(asked.event_type)
    service.take_check(scope)
    facts = EVENT_TYPES[asked.event_type].sample_facts()
    new = events.record(session, scope.workspace_id, asked.event_type, facts, is_test=True)
    made = queries.add_delivery(session, scope, endpoint.id, new.id, asked.event_type)
    events.wake(session)
    return detail(session, scope, made)


def _active(session: Session, scope: WorkspaceScope, endpoint_id: int) -> WebhookEndpoint:
    endpoint = service.get(session, scope, endpoint_id)
    if endpoint.status != EndpointStatus.ACTIVE:
        raise EndpointNotActive(EndpointStatus(endpoint.status).value)
    return endpoint
