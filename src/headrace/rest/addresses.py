"""Who is calling, by address: the peer, or what a trusted proxy says it is."""

import ipaddress
from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.types import ASGIApp, Receive, Scope, Send

_FORWARDED = "x-forwarded-for"
_UNKNOWN = ""

Network = ipaddress.IPv4Network | ipaddress.IPv6Network


class ClientAddresses:
    """Sets the request's client to the first address that no trusted proxy stands for.

    Only what trusted proxies appended is believed: anyone can send the header.
    """

    def __init__(self, app: ASGIApp, trusted_proxies: Sequence[str] = ()) -> None:
        self._app = app
        self._trusted = [ipaddress.ip_network(item) for item in trusted_proxies]

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on."""
        if self._trusted and scope["type"] == "http" and scope.get("client"):
            forwarded = ",".join(Headers(scope=scope).getlist(_FORWARDED))
            address = caller_behind(scope["client"][0], forwarded, self._trusted)
            scope["client"] = (address, 0)
        await self._app(scope, receive, send)


def caller_behind(peer: str, forwarded: str, trusted: Sequence[Network]) -> str:
    """Return the address of the caller, read from the nearest proxy outwards.

    forwarded: the value of X-Forwarded-For, nearest last.
    """
    address = peer
    for given in reversed([part.strip() for part in forwarded.split(",") if part.strip()]):
        if not _is_within(address, trusted):
            break
        if _parsed(given) is None:
            break
        address = given
    return address


def address_of(scope: Scope) -> str:
    """Return the caller's address; empty where there is none, as on a local socket."""
    client = scope.get("client")
    return client[0] if client else _UNKNOWN


def neighbourhood(address: str) -> str:
    """Return what one caller can be told by: the address, or the /64 that an IPv6 host commands."""
    parsed = _parsed(address)
    if isinstance(parsed, ipaddress.IPv6Address):
        if parsed.ipv4_mapped is not None:
            return str(parsed.ipv4_mapped)
        return str(ipaddress.ip_network((parsed, 64), strict=False))
    return address


def _parsed(text: str) -> ipaddress.IPv4Address | ipaddress.IPv6Address | None:
    try:
        return ipaddress.ip_address(text)
    except ValueError:
        return None


def _is_within(address: str, networks: Sequence[Network]) -> bool:
    parsed = _parsed(address)
    return parsed is not None and any(
        parsed in network for network in networks if network.version == parsed.version
    )
