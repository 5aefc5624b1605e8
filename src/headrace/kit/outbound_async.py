"""The guard for many requests at once: one small request to each of thousands of hosts.

Every attempt asks anew where the host leads (answers are kept for a second), vets each address and
connects to a vetted one. A whole attempt, name and TLS and answer, has one deadline. Redirects are
not followed, bodies are not decompressed, and no more of an answer is read than is kept.
"""

import asyncio
import ipaddress
import socket
import ssl
import time
from collections.abc import Mapping
from concurrent.futures import ThreadPoolExecutor
from enum import StrEnum
from functools import lru_cache
from types import TracebackType
from typing import Any, NamedTuple

import aiohttp
from aiohttp.abc import ResolveResult
from yarl import URL

from headrace.kit.outbound import HostUnknown, OutboundPolicy, OutboundRefused, vetted_addresses

_RESOLVED_FOR_SECONDS = 1.0
_RESOLVED_AT_MOST = 10_000
_RESOLVERS = 64
_IDLE_SECONDS = 15.0
_LONGEST_LINE = 8_190
_CLOSE_SECONDS = 1.0


class Failure(StrEnum):
    """Why there is no answer."""

    REFUSED = "refused"
    DNS = "dns"
    CONNECTION = "connection"
    TLS = "tls"
    TIMEOUT = "timeout"
    PROTOCOL = "protocol"


class NoAnswer(Exception):
    """A request got no (whole) answer; `failure` says why, and nothing about the network behind."""

    def __init__(self, failure: Failure) -> None:
        super().__init__(failure.value)
        self.failure = failure


class Answer(NamedTuple):
    """What came back. body: the first bytes of it, as they came, at most as many as asked for."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class AsyncOutbound:
    """Sends single requests through the guard. Belongs to one event loop; close it at its end.

    deadline_seconds: for all of an attempt. body_bytes: how much of an answer is read.
    """

    def __init__(
        self,
        policy: OutboundPolicy,
        *,
        deadline_seconds: float = 10.0,
        body_bytes: int = 1024,
        user_agent: str = "headrace",
    ) -> None:
        self._deadline_seconds = deadline_seconds
        self._body_bytes = body_bytes
        self._names = VettedNames(policy)
        self._session = aiohttp.ClientSession(
            connector=_VettingConnector(
                self._names,
                ssl=policy.tls_context(),
                limit=0,  # how many at once is for the caller to say
                keepalive_timeout=_IDLE_SECONDS,
                use_dns_cache=False,
            ),
            auto_decompress=False,
            cookie_jar=aiohttp.DummyCookieJar(),
            headers={"User-Agent": user_agent},
            skip_auto_headers=("Accept-Encoding", "Content-Type"),
            timeout=aiohttp.ClientTimeout(total=None, sock_connect=None),
            trust_env=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )

    async def __aenter__(self) -> "AsyncOutbound":
        """Return itself."""
        return self

    async def __aexit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        at: TracebackType | None,
    ) -> None:
        """Close every connection."""
        await self.close()

    async def close(self) -> None:
        """Close every connection."""
        await self._session.close()
        self._names.close()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Answer:
        """Send one request and return the beginning of what was answered.

        Raises:
            NoAnswer: if there is none within the deadline, or the guard refuses the host.
        """
        try:
            async with asyncio.timeout(self._deadline_seconds):
                return await self._send(method, _parsed(url), headers, content)
        except Exception as error:
            raise NoAnswer(_failure(error)) from error

    async def _send(
        self, method: str, url: URL, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        # A connection that was kept open must not outlive what the guard now thinks of the host.
        await self._names.addresses(url.raw_host or "", url.port or 443)
        async with self._session.request(
            method, url, data=content, headers=headers, allow_redirects=False
        ) as response:
            body = await _beginning(response, self._body_bytes)
            return Answer(response.status, response.headers, body)


@lru_cache(10_000)
def _parsed(url: str) -> URL:
    """The URL as it was given: what its owner has encoded is sent as it is."""
    return URL(url, encoded=True)


async def _beginning(response: aiohttp.ClientResponse, at_most: int) -> bytes:
    """Read the first bytes of a body; a connection with more to come is closed, not drained."""
    parts = bytearray()
    while len(parts) <= at_most:
        chunk = await response.content.read(at_most + 1 - len(parts))
        if not chunk:
            return bytes(parts)
        parts += chunk
        if response.content.at_eof():
            return bytes(parts[:at_most])
    response.close()
    return bytes(parts[:at_most])


class VettedNames:
    """Where hosts lead, as the guard sees it; answers are kept for a second."""

    def __init__(self, policy: OutboundPolicy) -> None:
        self._policy = policy
        # The system's resolver blocks: threads of its own, so that nothing else waits for them.
        self._threads = ThreadPoolExecutor(_RESOLVERS, thread_name_prefix="resolver")
        self._kept: dict[tuple[str, int], tuple[float, asyncio.Future[list[str]]]] = {}

    async def addresses(self, host: str, port: int) -> list[str]:
        """Return the addresses that may be connected to; raises as `vetted_addresses` does."""
        now, place = time.monotonic(), (host, port)
        kept = self._kept.get(place)
        if kept is None or kept[0] < now:
            if len(self._kept) >= _RESOLVED_AT_MOST:
                self._kept.clear()
            asked = asyncio.get_running_loop().run_in_executor(
                self._threads, vetted_addresses, host, port, self._policy
            )
            kept = self._kept[place] = (now + _RESOLVED_FOR_SECONDS, asked)
            asked.add_done_callback(_seen)
        answer = kept[1]
        if answer.done():
            return answer.result()
        # One caller's deadline must not end the question that others wait for too.
        return await asyncio.shield(answer)

    def close(self) -> None:
        """Let go of the threads; questions that hang end by themselves."""
        self._threads.shutdown(wait=False, cancel_futures=True)


def _seen(asked: asyncio.Future[list[str]]) -> None:
    """Take note of an error that may have nobody left to wait for it."""
    if not asked.cancelled():
        asked.exception()


class _VettingConnector(aiohttp.TCPConnector):
    """Connects to vetted addresses alone, literal ones among them, while TLS checks the name."""

    def __init__(self, names: VettedNames, **options: Any) -> None:
        super().__init__(**options)
        self._names = names

    async def _resolve_host(self, host: str, port: int, traces: Any = None) -> list[ResolveResult]:
        del traces
        return [
            ResolveResult(
                hostname=host,
                host=address,
                port=port,
                family=_family(address),
                proto=socket.IPPROTO_TCP,
                flags=socket.AI_NUMERICHOST,
            )
            for address in await self._names.addresses(host, port)
        ]


def _family(address: str) -> socket.AddressFamily:
    version = ipaddress.ip_address(address.split("%")[0]).version
    return socket.AF_INET if version == 4 else socket.AF_INET6


def _failure(error: Exception) -> Failure:
    if isinstance(error, OutboundRefused):
        return Failure.REFUSED
    if isinstance(error, HostUnknown | aiohttp.ClientConnectorDNSError):
        return Failure.DNS
    if isinstance(error, TimeoutError):
        return Failure.TIMEOUT
    if isinstance(error, aiohttp.ClientSSLError | ssl.SSLError):
        return Failure.TLS
    if isinstance(error, OSError):
        return Failure.CONNECTION
    return Failure.PROTOCOL
