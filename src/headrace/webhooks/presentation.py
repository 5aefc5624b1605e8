"""How endpoints, event types and deliveries look to clients."""

from collections.abc import Sequence
from functools import cache
from typing import Any
from urllib.parse import parse_qs

from fastapi import Response

from headrace.events.catalogue import EVENT_TYPES
from headrace.rest.json_answers import json_response
from headrace.rest.paging import PageAsked, page_of_list
from headrace.webhooks.models import EndpointStatus, WebhookEndpoint, WebhookSubscription
from headrace.webhooks.signing import idempotency_key, standard_secret


def endpoint(
    found: WebhookEndpoint, secret: str, subscriptions: Sequence[WebhookSubscription]
) -> dict[str, Any]:
    """An endpoint as `WebhookEndpointDetail`."""
    return {
        "id": found.id,
        "url": found.url,
        "secret": secret,
        "status": EndpointStatus(found.status).value,
        "consecutive_failures": found.consecutive_failures,
        "subscriptions": [_subscription(each) for each in subscriptions],
        "created_at": found.created_at,
        "updated_at": found.updated_at,
        "standard_webhooks_secret": standard_secret(secret),
        "previous_secret_expires_at": found.previous_secret_until,
        "extended_retries": found.extended_retries,
        "disabled_reason": found.disabled_reason,
    }


def _subscription(found: WebhookSubscription) -> dict[str, Any]:
    return {
        "id": found.id,
        "event_type_name": found.event_type_name,
        "is_active": found.event_type_name in EVENT_TYPES,
        "created_at": found.created_at,
    }


@cache
def event_types() -> list[dict[str, Any]]:
    """Every event type as `WebhookEventType`."""
    return [
        {
            "name": item.name,
            "description": item.description,
            "payload_schema": item.payload_schema(),
            "sample": item.sample(),
        }
        for item in EVENT_TYPES.values()
    ]


def delivery(row: Any) -> dict[str, Any]:
    """A row of `queries.delivery_rows` as `WebhookDeliveryOut`."""
    return {
        "id": row.id,
        "endpoint_id": row.endpoint_id,
        "event_id": row.event_id,
        "event_type": row.event_type,
        "idempotency_key": idempotency_key(row.event_id, row.endpoint_id),
        "status": row.status,
        "is_test": row.is_test,
        "attempts_count": row.attempts_count,
        "response_status": row.response_status,
        "next_attempt_at": None if row.is_given_up else row.due_at,
        "created_at": row.created_at,
        "finished_at": row.finished_at,
    }


def delivery_detail(row: Any) -> dict[str, Any]:
    """A row of `queries.delivery` as `WebhookDeliveryDetail`."""
    return delivery(row) | {"attempts": row.attempts, "body": row.body}


def array_or_page(asked: PageAsked, items: list[Any]) -> Response:
    """Answer a bare array, or the usual page to those who ask for one (contract A23)."""
    if {"page", "page_size"} & parse_qs(asked.query, keep_blank_values=True).keys():
        return page_of_list(asked, items)
    return json_response(items)
