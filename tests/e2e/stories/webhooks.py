"""Webhook endpoints, judged by what a receiver over TLS gets."""

import hashlib
import hmac

import pytest

from e2e.stories.extracts import titled
from e2e.stories.stage import Stage
from fakes.receiver import Got
from fakes.server import eventually
from headrace.client import NotFound, models
from headrace.client.webhooks import WebhookEvent, WebhookInvalid, challenge_answer, verify

_PAUSED, _UNPAUSED = "extraction_paused", "extraction_unpaused"


def _got(stage: Stage, path: str) -> list[Got]:
    return [got for got in list(stage.receiver.deliveries) if got.path == path]


def _toggle(stage: Stage) -> int:
    """Let both events happen; returns the extract's id."""
    extract_id = titled(stage, "Ads").id
    stage.customer.api.pause_extract(extract_id)
    stage.customer.api.unpause_extract(extract_id)
    return extract_id


def _register(stage: Stage, path: str, *types: str) -> models.WebhookEndpointDetail:
    asked = models.WebhookEndpointCreateRequest(
        url=stage.receiver.url(path=path), event_types=list(types)
    )
    return stage.customer.api.create_webhook_endpoint(asked)


def _delivered(stage: Stage, path: str, secret: str, count: int) -> WebhookEvent:
    """Wait until a receiver has got so many deliveries; prove the last."""
    eventually(lambda: len(_got(stage, path)) >= count, f"{count} deliveries are at {path}")
    assert len(_got(stage, path)) == count
    got = _got(stage, path)[-1]
    # The published signature (contract 6.3), by hand, and then the client's proof.
    digest = hmac.new(secret.encode(), got.body, hashlib.sha256).hexdigest()
    assert got.header("X-Improvado-Signature") == digest
    with pytest.raises(WebhookInvalid):
        verify(got.body, got.headers, "0" * 64)
    with pytest.raises(WebhookInvalid):
        verify(got.body + b" ", got.headers, secret)
    return verify(got.body, got.headers, secret)


def endpoints_get_what_they_asked_for(stage: Stage) -> None:
    """Nothing before the handshake, then the events subscribed to, signed; then others."""
    api = stage.customer.api
    assert {_PAUSED, "load_completed"} <= {item.name for item in api.list_webhook_event_types()}
    made = _register(stage, "/first", _PAUSED, _PAUSED)
    assert (made.status, len(made.secret), len(made.subscriptions)) == ("unverified", 64, 1)
    assert stage.other.api.list_webhook_endpoints() == []
    _toggle(stage)

    assert api.verify_webhook_endpoint(made.id).status == "active"
    (challenge,) = stage.receiver.challenges
    answer = challenge_answer(challenge.headers, made.secret)
    assert answer.decode() == challenge.header("X-Improvado-Challenge")
    read = api.get_webhook_endpoint(made.id)
    assert (read.status, read.secret) == ("active", made.secret)
    (listed,) = api.list_webhook_endpoints()
    assert (listed.id, listed.subscriptions_count) == (made.id, 1)

    extract_id = _toggle(stage)
    delivery = _delivered(stage, "/first", made.secret, 1)
    assert (delivery.type, delivery.data["extract_id"]) == (_PAUSED, str(extract_id))
    assert delivery.data["workspace_id"] == str(stage.customer.id)

    other_types = models.WebhookEndpointUpdateRequest(event_types=[_UNPAUSED])
    changed = api.update_webhook_endpoint(made.id, other_types)
    assert [item.event_type_name for item in changed.subscriptions] == [_UNPAUSED]
    _toggle(stage)
    assert _delivered(stage, "/first", made.secret, 2).type == _UNPAUSED


def secrets_are_replaced(stage: Stage) -> None:
    """A new secret ends the old one; what is signed after another handshake is signed with it."""
    api = stage.customer.api
    (listed,) = api.list_webhook_endpoints()
    old = api.get_webhook_endpoint(listed.id)
    new = api.regenerate_webhook_secret(old.id)
    assert new.secret != old.secret
    assert new.status == "unverified"
    _toggle(stage)
    api.verify_webhook_endpoint(old.id)
    _toggle(stage)
    delivery = _delivered(stage, "/first", new.secret, 3)
    got = _got(stage, "/first")[-1]
    with pytest.raises(WebhookInvalid):
        verify(got.body, got.headers, old.secret)
    with pytest.raises(WebhookInvalid, match="too far"):
        verify(got.body, got.headers, new.secret, now=_sent_at(got) + 301)
    assert delivery.key == got.header("X-Improvado-Idempotency-Key")


def _sent_at(got: Got) -> float:
    """When a delivery was signed, in seconds since 1970."""
    return float(got.header("webhook-timestamp"))


def deleted_endpoints_get_nothing(stage: Stage) -> None:
    """What happens after an endpoint was deleted goes to the others alone."""
    api = stage.customer.api
    (first,) = api.list_webhook_endpoints()
    second = _register(stage, "/second", _UNPAUSED)
    api.verify_webhook_endpoint(second.id)
    api.delete_webhook_endpoint(first.id)
    with pytest.raises(NotFound):
        api.get_webhook_endpoint(first.id)
    assert [item.id for item in api.list_webhook_endpoints()] == [second.id]
    before = len(_got(stage, "/first"))
    _toggle(stage)
    _delivered(stage, "/second", second.secret, 1)
    assert len(_got(stage, "/first")) == before
