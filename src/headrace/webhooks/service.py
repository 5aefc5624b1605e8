"""The rules of webhook endpoints: registering, changing, proving, rotating."""

import math
import secrets
from collections.abc import Iterable
from datetime import timedelta
from typing import Any
from uuid import uuid4

from sqlalchemy import func
from sqlalchemy.orm import Session

from headrace.events import publishing as events
from headrace.kit import clock
from headrace.kit.outbound import HostUnknown, OutboundRefused, vetted_addresses
from headrace.kit.outcomes import TryLater
from headrace.kit.told import told, told_by
from headrace.rest.errors import NotFound
from headrace.rest.outside import OutsideCalls
from headrace.rest.rate_limits import TokenBuckets
from headrace.rest.resources import Resources
from headrace.tenancy.scope import WorkspaceScope
from headrace.webhooks import presentation, queries, verification
from headrace.webhooks.errors import (
    NotVerified,
    TooManyChecks,
    TooManyEndpoints,
    UrlTaken,
    UrlUnfit,
)
from headrace.webhooks.models import EndpointStatus, WebhookEndpoint
from headrace.webhooks.schemas import (
    RegenerateSecretRequest,
    WebhookEndpointCreateRequest,
    WebhookEndpointUpdateRequest,
)
from headrace.webhooks.urls import checked_host
from headrace.webhooks.verification import Handshake

MOST_ENDPOINTS = 100
_SECRET_BYTES = 32
_RESOLVE_SECONDS = 3.0
# How often a workspace may make us call a receiver by hand, counted by each web process.
_CHECKS = TokenBuckets(per_minute=10, burst=10)


def create(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    outside: OutsideCalls,
    body: WebhookEndpointCreateRequest,
) -> dict[str, Any]:
    """Register an endpoint; it gets nothing before it is verified.

    Raises:
        UrlUnfit, UrlTaken, TooManyEndpoints: as their names say.
    """
    host = _checked_url(resources, scope, outside, body.url)
    if queries.hold_endpoint_list(session, scope) >= MOST_ENDPOINTS:
        raise TooManyEndpoints(MOST_ENDPOINTS)
    if queries.url_is_taken(session, scope, body.url):
        raise UrlTaken
    endpoint = WebhookEndpoint(
        uid=uuid4(),
        workspace_id=scope.workspace_id,
        url=body.url,
        host=host,
        extended_retries=body.extended_retries,
    )
    _give_secret(resources, endpoint)
    session.add(endpoint)
    session.flush()
    queries.subscribe(session, scope, endpoint.id, _unique(body.event_types))
    return _shown(session, scope, resources, endpoint)


def get(session: Session, scope: WorkspaceScope, endpoint_id: int) -> WebhookEndpoint:
    """Return an endpoint of the workspace.

    Raises:
        NotFound: if there is none.
    """
    endpoint = queries.endpoint(session, scope, endpoint_id)
    if endpoint is None:
        raise NotFound("Webhook endpoint")
    return endpoint


def held(session: Session, scope: WorkspaceScope, endpoint_id: int) -> WebhookEndpoint:
    """Return an endpoint as it is now, held until the transaction ends; raises as `get` does."""
    endpoint = queries.held_endpoint(session, scope, endpoint_id)
    if endpoint is None:
        raise NotFound("Webhook endpoint")
    return endpoint


def detail(
    session: Session, scope: WorkspaceScope, resources: Resources, endpoint_id: int
) -> dict[str, Any]:
    """Return an endpoint as `WebhookEndpointDetail`; raises `NotFound` as `get` does."""
    return _shown(session, scope, resources, get(session, scope, endpoint_id))


def update(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    outside: OutsideCalls,
    endpoint_id: int,
    change: WebhookEndpointUpdateRequest,
) -> dict[str, Any]:
    """Change an endpoint; another URL has to be verified before anything is sent there.

    Raises:
        NotFound, UrlUnfit, UrlTaken: as their names say.
    """
    host = get(session, scope, endpoint_id).host
    if change.url is not None:
        host = _checked_url(resources, scope, outside, change.url)
    endpoint = held(session, scope, endpoint_id)
    if change.url is not None and change.url != endpoint.url:
        if queries.url_is_taken(session, scope, change.url, endpoint_id):
            raise UrlTaken
        endpoint.url, endpoint.host = change.url, host
        endpoint.status = EndpointStatus.UNVERIFIED
    if change.event_types is not None:
        names = _unique(change.event_types)
        queries.unsubscribe_except(session, scope, endpoint_id, names)
        queries.subscribe(session, scope, endpoint_id, names)
    if change.extended_retries is not None:
        endpoint.extended_retries = change.extended_retries
    return _changed(session, scope, resources, endpoint)


def delete(session: Session, scope: WorkspaceScope, endpoint_id: int) -> None:
    """Delete an endpoint with its subscriptions and deliveries, queued ones among them.

    Raises:
        NotFound: if the workspace has no such endpoint.
    """
    session.delete(held(session, scope, endpoint_id))
    session.flush()


def verify(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    outside: OutsideCalls,
    endpoint_id: int,
) -> dict[str, Any]:
    """Challenge the receiver; when it answers rightly, deliveries begin, or go on.

    Raises:
        NotFound, TooManyChecks: as their names say.
        NotVerified: if the handshake fails; the endpoint stays as it was.
    """
    endpoint = get(session, scope, endpoint_id)
    take_check(scope)
    tried = (endpoint.url, endpoint.secret)
    deadline = resources.settings.webhook_timeout_seconds
    shake = Handshake(
        endpoint.url, open_secret(resources, endpoint), resources.policy, float(deadline)
    )
    try:
        problem = outside.answer_of(
            lambda: verification.problem_with(shake), key=scope.workspace_id, seconds=deadline + 2.0
        )
    except TryLater:
        problem = verification.UNREACHABLE
    if problem is not None:
        raise NotVerified(problem)
    endpoint = held(session, scope, endpoint_id)
    if (endpoint.url, endpoint.secret) != tried:
        raise NotVerified(told("it was changed meanwhile; verify it again."))
    endpoint.status = EndpointStatus.ACTIVE
    endpoint.disabled_reason = None
    endpoint.consecutive_failures = 0
    endpoint.failing_since = endpoint.hold_until = None
    endpoint.is_struggling = False
    events.wake(session)
    return _changed(session, scope, resources, endpoint)


def regenerate_secret(
    session: Session,
    scope: WorkspaceScope,
    resources: Resources,
    endpoint_id: int,
    asked: RegenerateSecretRequest,
) -> dict[str, Any]:
    """Replace an endpoint's secret: at once, or with a grace in which both sign.

    Raises:
        NotFound: if the workspace has no such endpoint.
    """
    endpoint = held(session, scope, endpoint_id)
    before = open_secret(resources, endpoint)
    _give_secret(resources, endpoint)
    endpoint.previous_secret = endpoint.previous_secret_until = None
    if asked.grace_period_seconds:
        endpoint.previous_secret = resources.vault.seal(before, secret_place(endpoint))
        grace = timedelta(seconds=asked.grace_period_seconds)
        endpoint.previous_secret_until = clock.now() + grace
    else:
        endpoint.status = EndpointStatus.UNVERIFIED
    return _changed(session, scope, resources, endpoint)


def take_check(scope: WorkspaceScope) -> None:
    """Count a call that a client makes us make.

    Raises:
        TooManyChecks: if the workspace asked for too many of late.
    """
    turn = _CHECKS.take(str(scope.workspace_id).encode())
    if not turn.granted:
        raise TooManyChecks(max(1, math.ceil(turn.wait_seconds)))


def secret_place(endpoint: WebhookEndpoint) -> str:
    """The place that an endpoint's secrets are sealed for."""
    return f"workspace/{endpoint.workspace_id}/webhook_endpoint/{endpoint.uid}/secret"


def open_secret(resources: Resources, endpoint: WebhookEndpoint) -> str:
    """Return an endpoint's secret."""
    return resources.vault.open(endpoint.secret, secret_place(endpoint))


def _give_secret(resources: Resources, endpoint: WebhookEndpoint) -> None:
    endpoint.secret = resources.vault.seal(secrets.token_hex(_SECRET_BYTES), secret_place(endpoint))


def _checked_url(
    resources: Resources, scope: WorkspaceScope, outside: OutsideCalls, url: str
) -> str:
    """Return the host of a URL that may be an endpoint's, by its shape and by where it leads now.

    A name that does not resolve yet is taken: nothing is sent before it does.
    """
    policy = resources.policy
    settings = resources.settings
    host = checked_host(url, settings.webhook_ports, policy.allowed_private_hosts)
    try:
        outside.answer_of(
            lambda: vetted_addresses(host, 443, policy),
            key=scope.workspace_id,
            seconds=_RESOLVE_SECONDS,
        )
    except OutboundRefused as error:
        raise UrlUnfit(
            told("leads where nothing may be sent: {error}", error=told_by(error))
        ) from error
    except (HostUnknown, TryLater):
        pass  # a name that is not there yet is no fault of the URL; verify and every delivery look again
    return host


def _changed(
    session: Session, scope: WorkspaceScope, resources: Resources, endpoint: WebhookEndpoint
) -> dict[str, Any]:
    endpoint.updated_at = func.clock_timestamp()
    session.flush()
    session.refresh(endpoint)
    return _shown(session, scope, resources, endpoint)


def _shown(
    session: Session, scope: WorkspaceScope, resources: Resources, endpoint: WebhookEndpoint
) -> dict[str, Any]:
    subscriptions = queries.subscriptions(session, scope, endpoint.id)
    return presentation.endpoint(endpoint, open_secret(resources, endpoint), subscriptions)


def _unique(names: Iterable[str]) -> list[str]:
    return list(dict.fromkeys(names))
