"""The guard every outbound socket passes: resolve a name once, vet each address, connect to that.

Private, loopback, link-local, metadata, translated and reserved addresses are refused unless the
operator named the host. Cloud metadata addresses are refused even then. The vetted address is the
one connected to, so a name that answers differently the second time gains nothing. Redirects are
never followed, proxy variables are never read.
"""

import ipaddress
import socket
import ssl
from collections.abc import Collection, Mapping
from dataclasses import dataclass, field
from functools import cache
from typing import Any
from urllib.parse import urlencode, urlsplit

import urllib3
from urllib3.connection import HTTPConnection, HTTPSConnection
from urllib3.connectionpool import HTTPConnectionPool, HTTPSConnectionPool

from headrace.kit import tracing
from headrace.kit.told import told

IpAddress = ipaddress.IPv4Address | ipaddress.IPv6Address

# Special-purpose blocks that `ipaddress` still calls global, or whose verdict has changed between
# Python releases (IANA special-purpose address registries).
_REFUSED_NETWORKS = [
    ipaddress.ip_network(block)
    for block in (
        "0.0.0.0/8", "10.0.0.0/8", "100.64.0.0/10", "127.0.0.0/8", "169.254.0.0/16",
        "172.16.0.0/12", "192.0.0.0/24", "192.0.2.0/24", "192.88.99.0/24", "192.168.0.0/16",
        "198.18.0.0/15", "198.51.100.0/24", "203.0.113.0/24", "224.0.0.0/4", "240.0.0.0/4",
        "::/8", "64:ff9b::/96", "64:ff9b:1::/48", "100::/64", "2001::/32", "2001:db8::/32",
        "2002::/16", "3fff::/20", "5f00::/16", "fc00::/7", "fe80::/10", "fec0::/10", "ff00::/8",
    )
]  # fmt: skip
_METADATA_ADDRESSES = {
    ipaddress.ip_address(text)
    for text in (
        "169.254.169.254", "169.254.170.2", "169.254.170.23", "100.100.100.200", "192.0.0.192",
        "168.63.129.16", "fd00:ec2::254", "fd00:ec2::23", "fd20:ce::254",
    )
}  # fmt: skip
_METADATA_NAMES = {"metadata.google.internal", "metadata.goog", "instance-data"}


class OutboundRefused(Exception):
    """A host may not be contacted; the message says why and what the operator can do."""


class HostUnknown(Exception):
    """A host name did not resolve."""


@dataclass(frozen=True)
class OutboundPolicy:
    """Which hosts may be contacted beyond the public internet.

    `allowed_private_hosts` holds host names, addresses or networks (`10.1.0.0/16`), lower case.
    `ca_bundle` is a file of certificates (PEM) that are trusted beside the system's.
    """

    allowed_private_hosts: frozenset[str] = field(default_factory=frozenset)
    ca_bundle: str = ""

    def tls_context(self) -> ssl.SSLContext:
        """How servers prove who they are: names and dates are checked, always."""
        return _tls_context(self.ca_bundle)

    def allows_private(self, host: str, address: IpAddress) -> bool:
        """Whether the operator opened this host, by its name or by its address."""
        if host in self.allowed_private_hosts:
            return True
        return any(_covers(entry, address) for entry in self.allowed_private_hosts)


@cache
def _tls_context(ca_bundle: str) -> ssl.SSLContext:
    context = ssl.create_default_context()
    context.minimum_version = ssl.TLSVersion.TLSv1_2
    if ca_bundle:
        context.load_verify_locations(ca_bundle)
    return context


def _covers(entry: str, address: IpAddress) -> bool:
    try:
        return address in ipaddress.ip_network(entry, strict=False)
    except ValueError:
        return False


_V4_AT_THE_END = [ipaddress.ip_network(block) for block in ("::/96", "64:ff9b::/96")]


def _inner_v4(address: IpAddress) -> ipaddress.IPv4Address | None:
    """The IPv4 address inside an IPv6 one, to which a gateway or the kernel would really go."""
    if isinstance(address, ipaddress.IPv4Address):
        return None
    if any(address in network for network in _V4_AT_THE_END):
        return ipaddress.IPv4Address(int(address) & 0xFFFFFFFF)
    tunnelled = address.teredo[1] if address.teredo else None
    return address.ipv4_mapped or address.sixtofour or tunnelled


def vetted_addresses(host: str, port: int, policy: OutboundPolicy) -> list[str]:
    """Resolve a host and return the addresses that may be connected to.

    Raises:
        HostUnknown: if the name does not resolve.
        OutboundRefused: if any of its addresses is refused: mixed answers are not trusted.
    """
    host = host.rstrip(".").lower()
    if host in _METADATA_NAMES:
        raise OutboundRefused(
            told("{host} is a cloud metadata service; it is never contacted.", host=host)
        )
    try:
        answers = socket.getaddrinfo(host, port, type=socket.SOCK_STREAM)
    except (OSError, UnicodeError) as error:
        raise HostUnknown(told("The host name {host!r} does not resolve.", host=host)) from error
    addresses = list(dict.fromkeys(str(answer[4][0]) for answer in answers))
    for text in addresses:
        _vet(host, ipaddress.ip_address(text.split("%")[0]), policy)
    return addresses


def _vet(host: str, address: IpAddress, policy: OutboundPolicy) -> None:
    inner = _inner_v4(address)
    leads_to = [address, inner] if inner else [address]
    if any(item in _METADATA_ADDRESSES for item in leads_to):
        raise OutboundRefused(
            told("{host} leads to a cloud metadata address; it is never contacted.", host=host)
        )
    if any(policy.allows_private(host, item) for item in leads_to):
        return
    if any(item in network for item in leads_to for network in _REFUSED_NETWORKS) or not all(
        item.is_global for item in leads_to
    ):
        raise OutboundRefused(
            told(
                "{host} leads to {address}, which is not a public address. If it is meant, the "
                "operator adds the host to HEADRACE_ALLOWED_PRIVATE_HOSTS.",
                host=host,
                address=address,
            )
        )


def connect(host: str, port: int, policy: OutboundPolicy, timeout_seconds: float) -> socket.socket:
    """Open a TCP connection to the first vetted address that answers.

    Raises:
        HostUnknown, OutboundRefused: see `vetted_addresses`.
        OSError: if no address answers.
    """
    failure: OSError | None = None
    for address in vetted_addresses(host, port, policy):
        try:
            return socket.create_connection((address, port), timeout=timeout_seconds)
        except OSError as error:
            failure = error
    assert failure is not None
    raise failure


class _GuardedMixin:
    """Connects to a vetted address while TLS still checks the name that was asked for."""

    policy: OutboundPolicy
    host: str
    port: int
    timeout: Any

    def _new_conn(self) -> socket.socket:
        seconds = self.timeout if isinstance(self.timeout, int | float) else 30.0
        return _connect_for_pool(self, self.policy, seconds)


def _connect_for_pool(connection: Any, policy: OutboundPolicy, seconds: float) -> socket.socket:
    try:
        return connect(connection.host, connection.port, policy, seconds)
    except HostUnknown as error:
        raise urllib3.exceptions.NewConnectionError(connection, str(error)) from error
    except TimeoutError as error:
        raise urllib3.exceptions.ConnectTimeoutError(
            connection, f"no answer in {seconds} s"
        ) from error
    except OSError as error:
        raise urllib3.exceptions.NewConnectionError(connection, str(error)) from error


class OutboundHttp:
    """An HTTP client whose every connection passes the guard. Safe to share between threads.

    It follows no redirect and retries nothing: callers decide by what the answer means.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        connect_seconds: float = 10.0,
        read_seconds: float = 120.0,
        max_connections: int = 10,
    ) -> None:
        class GuardedHttp(_GuardedMixin, HTTPConnection):
            pass

        class GuardedHttps(_GuardedMixin, HTTPSConnection):
            pass

        GuardedHttp.policy = GuardedHttps.policy = policy

        class HttpPool(HTTPConnectionPool):
            ConnectionCls = GuardedHttp

        class HttpsPool(HTTPSConnectionPool):
            ConnectionCls = GuardedHttps

        self._pool = urllib3.PoolManager(
            num_pools=max_connections,
            maxsize=max_connections,
            timeout=urllib3.Timeout(connect=connect_seconds, read=read_seconds),
            retries=False,
            headers={"User-Agent": "headrace"},
            ssl_context=policy.tls_context(),
        )
        self._pool.pool_classes_by_scheme = {"http": HttpPool, "https": HttpsPool}

    def request(
        self,
        method: str,
        url: str,
        *,
        query: Mapping[str, str] | None = None,
        form: Mapping[str, str] | None = None,
        json: Any = None,
        content: bytes | None = None,
        headers: Mapping[str, str] | None = None,
        stream: bool = False,
    ) -> urllib3.BaseHTTPResponse:
        """Send one request; with `stream` the body is left unread for the caller to `stream()`.

        Raises:
            OutboundRefused: if the host may not be contacted, or a header cannot be sent.
            urllib3.exceptions.HTTPError: if there is no (whole) answer.
        """
        parts = urlsplit(url)
        if parts.scheme not in {"http", "https"} or not parts.hostname:
            raise OutboundRefused(
                told("Only http and https addresses are contacted, not {url!r}.", url=url[:80])
            )
        _check_headers(headers or {})
        asked = "&".join(filter(None, (parts.query, urlencode(query or {}))))
        # The path alone: a pool manager would take the whole address apart four times a request.
        target = (parts.path or "/") + (f"?{asked}" if asked else "")
        options: dict[str, Any] = {"headers": {"User-Agent": "headrace", **(headers or {})}}
        if form is not None:
            options |= {"fields": dict(form), "encode_multipart": False}
        if json is not None:
            options["json"] = json
        if content is not None:
            options["body"] = content
        pool = self._pool.connection_from_host(parts.hostname, parts.port, parts.scheme)
        about = {"http__request__method": method, "server__address": parts.hostname}
        # Neither path nor query: they hold ids of accounts, and some sources take their token there.
        with tracing.span(f"{method} {parts.hostname}", kind="client", **about) as span:
            answer = pool.request(
                method, target, redirect=False, preload_content=not stream, **options
            )
            span.note(http__response__status_code=answer.status)
        return answer


def _check_headers(headers: Mapping[str, str]) -> None:
    """Refuse values that HTTP cannot carry, as pasted credentials can be; they are not repeated."""
    for name, value in headers.items():
        if not value.isascii() or not value.isprintable():
            raise OutboundRefused(
                told(
                    "The header {name} would hold characters that cannot be sent; credentials are "
                    "letters, digits and signs without line breaks.",
                    name=name,
                )
            )


def operator_hosts(urls: Collection[str]) -> frozenset[str]:
    """The host names in URLs that the operator configured: naming them is what allows them."""
    return frozenset(host.lower() for url in urls if (host := urlsplit(url).hostname))
