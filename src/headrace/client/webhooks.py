"""Verifying webhook deliveries: who sent them, that nobody changed them, and that they are fresh.

This module needs nothing but Python's own library and can be copied into a receiver as it is.
"""

import base64
import binascii
import hashlib
import hmac
import json
import time
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from typing import Any

TOLERANCE_SECONDS = 300
"""How far the clocks of sender and receiver may be apart."""

_STANDARD_PREFIX = "whsec_"


class WebhookInvalid(Exception):
    """A request is not a delivery of ours, or was changed, or is too old; answer it with 401."""


@dataclass(frozen=True)
class WebhookEvent:
    """A verified delivery. key: the same for every attempt; handle each key once.

    id: of the event. timestamp: when it happened, UTC, as `YYYY-MM-DD HH:MM:SS.ffffff`.
    """

    key: str
    id: str
    type: str
    timestamp: str
    data: dict[str, str]


def verify(
    body: bytes,
    headers: Mapping[str, str] | Iterable[tuple[str, str]],
    secret: str,
    *,
    tolerance_seconds: float = TOLERANCE_SECONDS,
    now: float | None = None,
) -> WebhookEvent:
    """Verify a delivery by `webhook-signature`, which also proves when it was sent; return it.

    body: the very bytes that arrived. secret: the endpoint's, 64 characters, or as `whsec_...`.
    now: seconds since 1970, of tests.

    Raises:
        WebhookInvalid: saying what is wrong.
    """
    found = _lower(headers)
    key, sent, signatures = (
        found.get(f"webhook-{name}", "") for name in ("id", "timestamp", "signature")
    )
    if not (key and sent and signatures):
        raise WebhookInvalid("a webhook-id, webhook-timestamp or webhook-signature is missing")
    if not (sent.isascii() and sent.isdigit() and len(sent) <= 12):
        raise WebhookInvalid("the webhook-timestamp is not a number of seconds")
    if abs((time.time() if now is None else now) - int(sent)) > tolerance_seconds:
        raise WebhookInvalid("the webhook-timestamp is too far from now")
    wanted = hmac.digest(_key(secret), f"{key}.{sent}.".encode() + body, hashlib.sha256)
    given = [item.partition(",") for item in signatures.split()]
    # Each is compared, so that the time taken does not tell which one was right.
    fits = [
        hmac.compare_digest(wanted, _decoded(signature))
        for version, _, signature in given
        if version == "v1"
    ]
    if not any(fits):
        raise WebhookInvalid("no signature fits: wrong secret, or the body was changed")
    return _event(body, key)


def verify_body(
    body: bytes, headers: Mapping[str, str] | Iterable[tuple[str, str]], secret: str
) -> WebhookEvent:
    """Verify a delivery by `X-Improvado-Signature`, which proves the body but not its age.

    Raises:
        WebhookInvalid: saying what is wrong.
    """
    found = _lower(headers)
    wanted = hmac.digest(_key(secret), body, hashlib.sha256).hex()
    given = found.get("x-improvado-signature", "")
    if not hmac.compare_digest(wanted.encode(), given.encode(errors="replace")):
        raise WebhookInvalid("the signature does not fit: wrong secret, or the body was changed")
    return _event(body, found.get("x-improvado-idempotency-key", ""))


def challenge_answer(headers: Mapping[str, str] | Iterable[tuple[str, str]], secret: str) -> bytes:
    """Return the body with which to answer the GET that verifies an endpoint, with status 200.

    Raises:
        WebhookInvalid: if the token is not the endpoint's secret, or there is no challenge.
    """
    found = _lower(headers)
    token = found.get("x-improvado-verify-token", "").encode(errors="replace")
    challenge = found.get("x-improvado-challenge", "")
    if not challenge or not hmac.compare_digest(token, _key(secret)):
        raise WebhookInvalid("this is no challenge for this endpoint")
    return challenge.encode()


def _lower(headers: Mapping[str, str] | Iterable[tuple[str, str]]) -> dict[str, str]:
    pairs = headers.items() if isinstance(headers, Mapping) else headers
    return {name.lower(): value for name, value in pairs}


def _key(secret: str) -> bytes:
    """The key is the text of the secret; the other form has it in base64."""
    if secret.startswith(_STANDARD_PREFIX):
        return base64.b64decode(secret.removeprefix(_STANDARD_PREFIX) + "==")
    return secret.encode()


def _decoded(signature: str) -> bytes:
    try:
        return base64.b64decode(signature, validate=True)
    except (binascii.Error, ValueError):
        return b""


def _event(body: bytes, key: str) -> WebhookEvent:
    try:
        parsed: Any = json.loads(body)
        return WebhookEvent(
            key, parsed["id"], parsed["type"], parsed["timestamp"], dict(parsed["data"])
        )
    except (ValueError, KeyError, TypeError) as error:
        raise WebhookInvalid("the body is not an event") from error
