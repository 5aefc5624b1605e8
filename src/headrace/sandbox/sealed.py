"""Signed texts that carry the network's state, so that no process has to remember it.

The key is public: it keeps clients from making up ids by accident, and guards invented figures.
"""

import base64
import binascii
import hashlib
import hmac
from typing import TypeVar

import msgspec

Content = TypeVar("Content")

_KEY = b"headrace demo network"
_TAG_BYTES = 12


class BadSeal(ValueError):
    """A text was not made by `sealed`, or for another purpose."""


def sealed(purpose: str, content: object) -> str:
    """Return content as a URL-safe text that only `opened` with the same purpose accepts."""
    body = msgspec.json.encode(content)
    return base64.urlsafe_b64encode(_tag(purpose, body) + body).decode().rstrip("=")


def opened(purpose: str, text: str, content_type: type[Content]) -> Content:
    """Return the content of a sealed text.

    Raises:
        BadSeal: if it is not one, or holds something else.
    """
    try:
        raw = base64.urlsafe_b64decode(text + "=" * (-len(text) % 4))
        tag, body = raw[:_TAG_BYTES], raw[_TAG_BYTES:]
        if not hmac.compare_digest(tag, _tag(purpose, body)):
            raise BadSeal(purpose)
        return msgspec.json.decode(body, type=content_type)
    except (binascii.Error, ValueError) as error:
        raise BadSeal(purpose) from error


def _tag(purpose: str, body: bytes) -> bytes:
    return hmac.digest(_KEY, purpose.encode() + b"\0" + body, hashlib.sha256)[:_TAG_BYTES]
