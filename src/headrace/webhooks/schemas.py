"""Bodies of webhook endpoints, event types and deliveries, under their published names."""

from datetime import datetime
from typing import Annotated, Any, Literal

from pydantic import AwareDatetime, BaseModel, Field

MAX_GRACE_SECONDS = 7 * 86_400
_URL = "https://hooks.example.com/headrace"

EventTypeName = Annotated[
    str, Field(min_length=1, max_length=100, pattern=r"^[^\x00]*$", examples=["load_completed"])
]
EndpointStatusName = Literal["unverified", "active", "disabled"]
DeliveryStatusName = Literal["pending", "delivered", "failed"]


class WebhookEndpointCreateRequest(BaseModel):
    """An endpoint to register."""

    url: str = Field(description="HTTPS URL of the receiver.", examples=[_URL])
    event_types: list[EventTypeName] = Field(
        default_factory=list,
        max_length=200,
        description="Names of event types; see GET /webhook_event_types. May be empty. Duplicates "
        "are dropped; unknown names are kept and never delivered.",
        examples=[["load_completed", "extraction_failed"]],
    )
    extended_retries: bool = Field(
        True,
        description="Extension: whether attempts go on for four days after the first four have "
        "failed.",
    )


class WebhookEndpointUpdateRequest(BaseModel):
    """Changes of an endpoint; what is left out stays."""

    url: str | None = Field(
        None, description="Another URL has to be verified anew.", examples=[_URL]
    )
    event_types: list[EventTypeName] | None = Field(
        None,
        max_length=200,
        description="All of the event types from now on.",
        examples=[["load_completed"]],
    )
    extended_retries: bool | None = Field(None, description="Extension: as at creation.")


class RegenerateSecretRequest(BaseModel):
    """How a secret is replaced; without a body at once."""

    grace_period_seconds: int = Field(
        0,
        ge=0,
        le=MAX_GRACE_SECONDS,
        description="Extension: for how long the old secret signs too, in `webhook-signature`. The "
        "endpoint then stays as it is. 0: the old secret is dead at once and the endpoint unverified.",
    )


class WebhookSubscription(BaseModel):
    """An event type that an endpoint receives."""

    id: int
    event_type_name: str = Field(examples=["load_completed"])
    is_active: bool = Field(description="Whether there is such an event type.")
    created_at: datetime


class WebhookEndpointListItem(BaseModel):
    """A webhook endpoint as lists show it: without its secret."""

    id: int
    url: str = Field(examples=[_URL])
    status: EndpointStatusName = Field(description="Only `active` endpoints get deliveries.")
    consecutive_failures: int = Field(description="Deliveries that failed since the last success.")
    subscriptions_count: int
    created_at: datetime
    updated_at: datetime


class WebhookEndpointDetail(BaseModel):
    """A webhook endpoint with its secret and subscriptions."""

    id: int
    url: str = Field(examples=[_URL])
    secret: str = Field(
        description="64 hexadecimal characters, which as text are the key of the signature.",
        examples=["6f1d" * 16],
    )
    status: EndpointStatusName = Field(description="Only `active` endpoints get deliveries.")
    consecutive_failures: int = Field(description="Deliveries that failed since the last success.")
    subscriptions: list[WebhookSubscription]
    created_at: datetime
    updated_at: datetime
    standard_webhooks_secret: str = Field(
        description="Extension: the secret as libraries of the Standard Webhooks take it.",
        examples=["whsec_NmYxZDZmMWQ2ZjFkNmYxZDZmMWQ2ZjFkNmYxZDZmMWQ="],
    )
    previous_secret_expires_at: datetime | None = Field(
        description="Extension: until when the secret before this one signs too."
    )
    extended_retries: bool = Field(description="Extension: whether attempts go on for days.")
    disabled_reason: str | None = Field(description="Extension: why the endpoint was disabled.")


class WebhookEventType(BaseModel):
    """A kind of event that endpoints can subscribe to."""

    name: str = Field(examples=["load_completed"])
    description: str
    payload_schema: dict[str, Any] = Field(
        description="Extension: JSON Schema of a delivery's body.", examples=[{"type": "object"}]
    )
    sample: dict[str, Any] = Field(
        description="Extension: a body as it could be delivered.",
        examples=[{"id": "5F0C2E6B9D1A4C7F8E3B6A2D9C0F1E47", "type": "load_completed"}],
    )


class TryRequest(BaseModel):
    """Which event is sent to try an endpoint."""

    event_type: EventTypeName = Field(
        "load_completed", description="A type of the catalogue; subscribed to or not."
    )


class ReplayRequest(BaseModel):
    """Which events an endpoint is to get again."""

    since: AwareDatetime = Field(description="Events from this moment on.")
    until: AwareDatetime | None = Field(
        None, description="Events before this moment; null: up to now.", examples=[None]
    )
    deliveries: Literal["failed", "all"] = Field(
        "failed",
        description="`failed`: deliveries that were given up. `all`: every event of a type the "
        "endpoint subscribes to, also those that it got, or never was to get.",
    )


class ReplayAnswer(BaseModel):
    """What a replay queued."""

    count: int = Field(description="Deliveries queued.")
    is_complete: bool = Field(
        description="False if there were more; repeat with the moment of the last one as `since`."
    )


class WebhookDeliveryOut(BaseModel):
    """One event on its way to one endpoint."""

    id: int
    endpoint_id: int
    event_id: str = Field(description="`id` of the body.")
    event_type: str = Field(examples=["load_completed"])
    idempotency_key: str = Field(
        description="Sent with every attempt, as X-Improvado-Idempotency-Key and webhook-id."
    )
    status: DeliveryStatusName = Field(description="`failed`: no attempt is left.")
    is_test: bool
    attempts_count: int
    response_status: int | None = Field(
        description="HTTP status of the last answer.", examples=[200]
    )
    next_attempt_at: datetime | None = Field(
        description="When it is tried again, unless the endpoint is not active."
    )
    created_at: datetime
    finished_at: datetime | None


class WebhookAttempt(BaseModel):
    """One attempt at a delivery."""

    number: int
    started_at: datetime
    duration_ms: int
    response_status: int | None = Field(examples=[503])
    response_body: str | None = Field(
        description="The first KiB of what was answered, as text.", examples=["busy"]
    )
    error: str | None = Field(
        description="Why there was no answer: refused, dns, connection, tls, timeout, protocol.",
        examples=[None],
    )
    is_redelivery: bool


class WebhookDeliveryDetail(WebhookDeliveryOut):
    """A delivery with everything that was tried, and the very body that is sent."""

    attempts: list[WebhookAttempt]
    body: str


class DeliveryPage(BaseModel):
    """Deliveries, newest first. Large logs are not counted."""

    next: str | None = Field(description="The page of older ones.")
    results: list[WebhookDeliveryOut]
