"""The guard for many requests at once: one small request to each of thousands of hosts.

Every attempt asks anew where the host leads (answers are kept for a second), vets each address and
connects to a vetted one. A whole attempt, name and TLS and answer, has one deadline. Redirects are
not followed, bodies are not decompressed, and no more of an answer is read than is kept.

Of aiohttp it takes the pool of connections, the writer and the parser, and leaves the session: that
one merges headers, cookies, proxies and redirects and has a task for each body, for every request.
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
from aiohttp import hdrs
from aiohttp.abc import ResolveResult
from aiohttp.client_proto import ResponseHandler
from aiohttp.http import StreamWriter
from yarl import URL

from headrace.kit.deadlines import Deadlines
from headrace.kit.outbound import HostUnknown, OutboundPolicy, OutboundRefused, vetted_addresses

_RESOLVED_FOR_SECONDS = 1.0
_RESOLVED_AT_MOST = 10_000
_RESOLVERS = 64
_IDLE_SECONDS = 15.0
_LONGEST_LINE = 8_190
# Answers before the answer; after 101 there is none.
_INTERIM = set(range(100, 200)) - {101}
_NO_TIMEOUT = aiohttp.ClientTimeout(total=None)


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
        self._deadlines = Deadlines(deadline_seconds)
        self._body_bytes = body_bytes
        self._names = VettedNames(policy)
        self._connector = _VettingConnector(
            self._names,
            ssl=policy.tls_context(),
            limit=0,  # how many at once is for the caller to say
            keepalive_timeout=_IDLE_SECONDS,
            use_dns_cache=False,
        )
        self._headers = {hdrs.USER_AGENT: user_agent}
        self._request = lru_cache(10_000)(self._made_request)

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
        await self._connector.close()
        self._names.close()

    async def send(
        self, method: str, url: str, headers: Mapping[str, str], content: bytes | None = None
    ) -> Answer:
        """Send one request and return the beginning of what was answered.

        method: GET or POST. content: small, since it is written before an answer is looked for.

        Raises:
            NoAnswer: if there is none within the deadline, or the guard refuses the host.
        """
        try:
            request = self._request(method, url)
            return await self._deadlines.within(self._send(request, headers, content))
        except Exception as error:
            raise NoAnswer(_failure(error)) from error

    def _made_request(self, method: str, url: str) -> aiohttp.ClientRequest:
        """Where a request goes and what it always says; a URL is sent as its owner has encoded it."""
        return aiohttp.ClientRequest(
            method,
            URL(url, encoded=True),
            headers=self._headers,
            skip_auto_headers=(hdrs.ACCEPT_ENCODING, hdrs.CONTENT_TYPE),
            loop=asyncio.get_running_loop(),
        )

    async def _send(
        self, request: aiohttp.ClientRequest, headers: Mapping[str, str], content: bytes | None
    ) -> Answer:
        # A connection that was kept open must not outlive what the guard now thinks of the host.
        await self._names.addresses(request.host, request.port or 443)
        connection = await self._connector.connect(request, [], _NO_TIMEOUT)
        try:
            assert connection.protocol is not None
            answer = await self._exchange(connection.protocol, request, headers, content)
        except BaseException:
            connection.close()
            raise
        connection.release()
        return answer

    async def _exchange(
        self,
        protocol: ResponseHandler,
        request: aiohttp.ClientRequest,
        headers: Mapping[str, str],
        content: bytes | None,
    ) -> Answer:
        protocol.set_response_params(
            read_until_eof=True,
            auto_decompress=False,
            max_line_size=_LONGEST_LINE,
            max_field_size=_LONGEST_LINE,
        )
        await _write(protocol, request, headers, content)
        message, body = await protocol.read()
        while message.code in _INTERIM:
            message, body = await protocol.read()
        beginning = await _beginning(body, self._body_bytes)
        if not body.at_eof():
            protocol.force_close()  # what is left is not drained
        return Answer(message.code, message.headers, beginning)


async def _write(
    protocol: ResponseHandler,
    request: aiohttp.ClientRequest,
    headers: Mapping[str, str],
    content: bytes | None,
) -> None:
    """Write a request in one go, head and body."""
    merged = request.headers.copy()
    merged.update(headers)
    if content is not None:
        merged[hdrs.CONTENT_LENGTH] = str(len(content))
    writer = StreamWriter(protocol, request.loop)
    await writer.write_headers(f"{request.method} {request.url.raw_path_qs} HTTP/1.1", merged)
    await writer.write_eof(content or b"")


async def _beginning(body: aiohttp.StreamReader, at_most: int) -> bytes:
    """Read the first bytes of a body."""
    parts = bytearray()
    while len(parts) < at_most and not body.at_eof():
        parts += await body.read(at_most - len(parts))
    return bytes(parts)


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
