"""Which pages may show the iframe and be returned to: decided once, when its URL is minted."""

import re
from collections.abc import Collection
from urllib.parse import urlsplit

from headrace.embedding.errors import OriginNotListed, OriginUnfit, ReturnUrlUnfit
from headrace.rest.origins import origin_of

# What can stand in a Content-Security-Policy: a name or an address, no wildcard and no separator.
_HOST = re.compile(r"[a-z0-9]([a-z0-9.-]*[a-z0-9])?|\[[0-9a-f:.]+\]")
_SCHEMES = {"http", "https"}


def _plain_origin(url: str) -> str | None:
    """The origin of a URL, if it has one that a policy can name."""
    # Browsers read a backslash as a slash, and drop line breaks: what they go to is not what we read.
    if not url.isprintable() or "\\" in url or " " in url:
        return None
    try:
        parts = urlsplit(url)
        origin = origin_of(url)
    except ValueError:
        return None
    if parts.scheme.lower() not in _SCHEMES or parts.username is not None:
        return None
    host = re.sub(r":\d+$", "", origin.partition("://")[2])
    return origin if _HOST.fullmatch(host) else None


def host_origin(given: str | None, listed: Collection[str]) -> str | None:
    """Return the origin of the host page; None: no page may show the iframe, it opens by itself.

    given: as the caller named it. listed: those the operator allows; empty allows any. Where the
    caller names none and the operator allows exactly one, that one is meant.

    Raises:
        OriginUnfit, OriginNotListed: as their names say.
    """
    allowed = [origin_of(item) for item in listed]
    if given is None:
        return allowed[0] if len(allowed) == 1 else None
    origin = _plain_origin(given)
    parts = urlsplit(given) if origin else None
    if origin is None or parts is None or parts.path.strip("/") or parts.query or parts.fragment:
        raise OriginUnfit("origin")
    if allowed and origin not in allowed:
        raise OriginNotListed(origin)
    return origin


def checked_return_url(given: str | None, origin: str | None, listed: Collection[str]) -> None:
    """Refuse an address to return to that is not on a page that was allowed (S54).

    Raises:
        ReturnUrlUnfit: if it is not.
    """
    if given is None:
        return
    allowed = {origin_of(item) for item in listed} | ({origin} if origin else set())
    if _plain_origin(given) not in allowed:
        raise ReturnUrlUnfit
