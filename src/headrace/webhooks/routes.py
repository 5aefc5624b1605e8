"""Webhook endpoints, event types and deliveries over HTTP."""

from typing import Annotated, Any

from fastapi import APIRouter, Depends, Query, Response
from pydantic import AwareDatetime

from headrace.access.guards import allows
from headrace.access.permissions import Permission
from headrace.rest.api_route import ApiRoute
from headrace.rest.ids import Id, IdIn
from headrace.rest.openapi import EXTENSION, answers
from headrace.rest.outside import CallsOutside
from headrace.rest.paging import Page, Paging
from headrace.rest.resources import AppResources
from headrace.rest.session import DbSession
from headrace.tenancy.scope import WorkspaceScope
from headrace.webhooks import deliveries, presentation, queries, service
from headrace.webhooks.queries import DeliveryFilter
from headrace.webhooks.schemas import (
    DeliveryPage,
    DeliveryStatusName,
    RegenerateSecretRequest,
    ReplayAnswer,
    ReplayRequest,
    TryRequest,
    WebhookDeliveryDetail,
    WebhookEndpointCreateRequest,
    WebhookEndpointDetail,
    WebhookEndpointListItem,
    WebhookEndpointUpdateRequest,
    WebhookEventType,
)

router = APIRouter(prefix="/api/v3", tags=["Webhooks"], route_class=ApiRoute)
Viewer = Annotated[WorkspaceScope, allows(Permission.WEBHOOK_VIEW)]
Manager = Annotated[WorkspaceScope, allows(Permission.WEBHOOK_MANAGE)]


@router.get(
    "/webhook_endpoints",
    response_model=list[WebhookEndpointListItem] | Page[WebhookEndpointListItem],
)
def list_webhook_endpoints(session: DbSession, scope: Viewer, paging: Paging) -> Response:
    """List the workspace's webhook endpoints: an array, or a page to who asks for one."""
    rows = session.execute(queries.endpoint_rows(scope))
    return presentation.array_or_page(paging, [row._asdict() for row in rows])


@router.post(
    "/webhook_endpoints",
    response_model=WebhookEndpointDetail,
    status_code=201,
    responses=answers(409, 429),
)
def create_webhook_endpoint(
    body: WebhookEndpointCreateRequest,
    session: DbSession,
    resources: AppResources,
    outside: CallsOutside,
    scope: Manager,
) -> dict[str, Any]:
    """Register a receiver. It gets a secret at once, and deliveries when it has been verified."""
    return service.create(session, scope, resources, outside, body)


@router.get("/webhook_endpoints/{endpoint_id}", response_model=WebhookEndpointDetail)
def get_webhook_endpoint(
    endpoint_id: Id, session: DbSession, resources: AppResources, scope: Manager
) -> dict[str, Any]:
    """Read a webhook endpoint with its secret and subscriptions."""
    return service.detail(session, scope, resources, endpoint_id)


@router.patch(
    "/webhook_endpoints/{endpoint_id}",
    response_model=WebhookEndpointDetail,
    responses=answers(409, 429),
)
def update_webhook_endpoint(
    endpoint_id: Id,
    body: WebhookEndpointUpdateRequest,
    session: DbSession,
    resources: AppResources,
    outside: CallsOutside,
    scope: Manager,
) -> dict[str, Any]:
    """Change an endpoint's URL, which has to be verified anew, or its event types."""
    return service.update(session, scope, resources, outside, endpoint_id, body)


@router.delete("/webhook_endpoints/{endpoint_id}", status_code=204)
def delete_webhook_endpoint(endpoint_id: Id, session: DbSession, scope: Manager) -> None:
    """Delete an endpoint, its subscriptions and its deliveries, queued ones among them."""
    service.delete(session, scope, endpoint_id)


@router.post(
    "/webhook_endpoints/{endpoint_id}/verify",
    response_model=WebhookEndpointDetail,
    responses=answers(429),
)
def verify_webhook_endpoint(
    endpoint_id: Id,
    session: DbSession,
    resources: AppResources,
    outside: CallsOutside,
    scope: Manager,
) -> dict[str, Any]:
    """Challenge the receiver by GET; it becomes active if it answers 200 and the challenge."""
    return service.verify(session, scope, resources, outside, endpoint_id)


@router.post(
    "/webhook_endpoints/{endpoint_id}/regenerate_secret", response_model=WebhookEndpointDetail
)
def regenerate_webhook_secret(
    endpoint_id: Id,
    session: DbSession,
    resources: AppResources,
    scope: Manager,
    body: RegenerateSecretRequest | None = None,
) -> dict[str, Any]:
    """Replace the secret. Without a grace the old one is dead at once, the endpoint unverified."""
    asked = body or RegenerateSecretRequest()
    return service.regenerate_secret(session, scope, resources, endpoint_id, asked)


@router.post(
    "/webhook_endpoints/{endpoint_id}/test",
    response_model=WebhookDeliveryDetail,
    status_code=201,
    responses=answers(409, 429),
    openapi_extra=EXTENSION,
)
def try_webhook_endpoint(
    endpoint_id: Id,
    session: DbSession,
    scope: Manager,
    body: TryRequest | None = None,
) -> dict[str, Any]:
    """Send the sample of an event type to an active endpoint; the delivery shows how that went."""
    return deliveries.send_test(session, scope, endpoint_id, body or TryRequest())


@router.post(
    "/webhook_endpoints/{endpoint_id}/replay",
    response_model=ReplayAnswer,
    responses=answers(409),
    openapi_extra=EXTENSION,
)
def replay_webhook_deliveries(
    endpoint_id: Id, body: ReplayRequest, session: DbSession, scope: Manager
) -> dict[str, Any]:
    """Send the events of a range once more, with the same keys: those that failed, or all."""
    return deliveries.replay(session, scope, endpoint_id, body)


@router.get(
    "/webhook_event_types",
    response_model=list[WebhookEventType] | Page[WebhookEventType],
    dependencies=[allows(Permission.WEBHOOK_VIEW)],
)
def list_webhook_event_types(paging: Paging) -> Response:
    """List what happens that endpoints can hear of, each with a JSON Schema and a sample."""
    return presentation.array_or_page(paging, presentation.event_types())


def delivery_filter(
    endpoint_id: Annotated[IdIn | None, Query(description="Of this endpoint alone.")] = None,
    status: Annotated[DeliveryStatusName | None, Query(description="In this state alone.")] = None,
    event_type: Annotated[str | None, Query(description="Of this event type alone.")] = None,
    since: Annotated[AwareDatetime | None, Query(description="Made at or after it.")] = None,
    until: Annotated[AwareDatetime | None, Query(description="Made before it.")] = None,
    before: Annotated[IdIn | None, Query(description="Older than this delivery.")] = None,
) -> DeliveryFilter:
    """Read which deliveries are asked for."""
    return DeliveryFilter(endpoint_id, status, event_type, since, until, before)


@router.get("/webhook_deliveries", response_model=DeliveryPage, openapi_extra=EXTENSION)
def list_webhook_deliveries(
    session: DbSession,
    scope: Viewer,
    paging: Paging,
    wanted: Annotated[DeliveryFilter, Depends(delivery_filter)],
) -> dict[str, Any]:
    """List deliveries, newest first. Follow `next`; `page` is ignored, for the log is long."""
    return deliveries.page(session, scope, paging, wanted)


@router.get(
    "/webhook_deliveries/{delivery_id}",
    response_model=WebhookDeliveryDetail,
    openapi_extra=EXTENSION,
)
def get_webhook_delivery(delivery_id: Id, session: DbSession, scope: Viewer) -> dict[str, Any]:
    """Read a delivery with every attempt at it, and the body that is sent."""
    return deliveries.detail(session, scope, delivery_id)


@router.post(
    "/webhook_deliveries/{delivery_id}/redeliver",
    response_model=WebhookDeliveryDetail,
    responses=answers(409),
    openapi_extra=EXTENSION,
)
def redeliver_webhook_delivery(
    delivery_id: Id, session: DbSession, scope: Manager
) -> dict[str, Any]:
    """Send a delivery once more, with the same key and the same bytes."""
    return deliveries.redeliver(session, scope, delivery_id)
