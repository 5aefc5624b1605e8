"""Signatures of deliveries: the published header, and those of the Standard Webhooks specification.

Both are HMAC-SHA256 with the 64 characters of the secret as the key. `X-Improvado-Signature` is over
the body alone (contract 6.3); `webhook-signature` over `id.timestamp.body`, so that an old delivery
cannot be sent again by somebody else (standardwebhooks.com, "Signature scheme").
"""

import base64
import hashlib
import hmac
from datetime import datetime
from functools import lru_cache
from typing import NamedTuple

KEY_HEADER = "X-Improvado-Idempotency-Key"
SIGNATURE_HEADER = "X-Improvado-Signature"
TOKEN_HEADER = "X-Improvado-Verify-Token"  # noqa: S105 - the name of a header
CHALLENGE_HEADER = "X-Improvado-Challenge"
_KEY_LENGTH = 32


class Message(NamedTuple):
    """What is signed: the key that is the same for every attempt, the moment, the very bytes."""

    key: str
    at: datetime
    body: bytes


def idempotency_key(event_uid: str, endpoint_id: int) -> str:
    """Return the key of one event to one endpoint: always the same, without a dot."""
    digest = hashlib.sha256(f"{event_uid}:{endpoint_id}".encode())
    return digest.hexdigest()[:_KEY_LENGTH]


def signature_headers(message: Message, secret: str, previous: str | None = None) -> dict[str, str]:
    """Return the headers that prove where a message comes from.

    previous: the secret before the last rotation, while its grace lasts; it signs beside the new
    one where several signatures can stand.
    """
    seconds = int(message.at.timestamp())
    content = b"%b.%d.%b" % (message.key.encode(), seconds, message.body)
    signature = f"v1,{_base64(_mac(secret, content))}"
    if previous is not None:
        signature += f" v1,{_base64(_mac(previous, content))}"
    return {
        KEY_HEADER: message.key,
        SIGNATURE_HEADER: _mac(secret, message.body).hex(),
        "webhook-id": message.key,
        "webhook-timestamp": str(seconds),
        "webhook-signature": signature,
    }


def standard_secret(secret: str) -> str:
    """Return a secret in the form that libraries of the Standard Webhooks take."""
    return f"whsec_{_base64(secret.encode())}"


@lru_cache(1_000)
def _keyed(secret: str) -> "hmac.HMAC":
    """An HMAC that has taken in its key, to be copied: half of the work for a small body."""
    return hmac.new(secret.encode(), None, hashlib.sha256)


def _mac(secret: str, content: bytes) -> bytes:
    mac = _keyed(secret).copy()
    mac.update(content)
    return mac.digest()


def _base64(raw: bytes) -> str:
    return base64.b64encode(raw).decode()
