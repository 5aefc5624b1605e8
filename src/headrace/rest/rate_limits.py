"""How often a credential may ask: a token bucket each, in this process's memory (contract 1.5).

Nothing is asked of the database before a request has its turn here.
"""

import hashlib
import math
import secrets
import time
from collections.abc import Callable
from dataclasses import dataclass

from starlette.types import ASGIApp, Receive, Scope, Send

from headrace.kit.told import told
from headrace.rest.addresses import address_of, neighbourhood
from headrace.rest.errors import AppError
from headrace.rest.json_answers import json_response
from headrace.rest.request_ids import answer_headers

_API = "/api/"
_SECONDS = 60.0
_COOKIE = b"dts_session_id="
# Buckets that are full again are the same as none; they are dropped when there are this many.
_SWEEP_AT = 10_000


@dataclass(frozen=True)
class Turn:
    """What a bucket answered: whether there was a token, and how it stands now.

    wait_seconds: until there is the next token, if there is none. full_seconds: until the bucket is
    full again.
    """

    granted: bool
    left: int
    wait_seconds: float
    full_seconds: float


class TokenBuckets:
    """Buckets by key, each of `burst` tokens and refilled at `per_minute`.

    A bucket is one number, the moment at which it will be full again (the generic cell rate
    algorithm), so that a turn costs about a microsecond.
    """

    def __init__(
        self, per_minute: int, burst: int, now: Callable[[], float] = time.monotonic
    ) -> None:
        self._interval = _SECONDS / per_minute
        self._burst = burst
        self._depth = self._interval * burst
        self._now = now
        self._full_at: dict[bytes, float] = {}
        self._sweep_at = _SWEEP_AT

    def __len__(self) -> int:
        return len(self._full_at)

    @property
    def window_seconds(self) -> int:
        """How long an empty bucket takes to fill."""
        return math.ceil(self._depth)

    def take(self, key: bytes) -> Turn:
        """Take a token out of a bucket, if there is one."""
        now = self._now()
        missing = max(0.0, self._full_at.get(key, 0.0) - now)
        after = missing + self._interval
        # Sums of fractions may pass the depth by a hair.
        if after > self._depth + 1e-9:
            return Turn(False, 0, after - self._depth, missing)
        self._full_at[key] = now + after
        if len(self._full_at) >= self._sweep_at:
            self._sweep(now)
        return Turn(True, int((self._depth - after) / self._interval + 1e-9), 0.0, after)

    def _sweep(self, now: float) -> None:
        self._full_at = {key: at for key, at in self._full_at.items() if at > now}
        # Only ever half of the work is sweeping, however many callers there really are.
        self._sweep_at = max(_SWEEP_AT, 2 * len(self._full_at))


SCARCE = frozenset(
    {
        "get_iframe_url",
        "create_external_auth_links",
        "begin_authorization",
        "preview_template",
        "load_custom_setting_options",
        "create_session",
        "create_dashboard_image_link",
        "get_dashboard_image",
        "export_dashboard",
    }
)
"""Operations that cost more than a request, or make somebody else do something (S93)."""
_SCARCE_SHARE = 20


class TooOften(AppError, status=429):
    """An operation that is limited by itself was asked for too often."""

    def __init__(self, wait_seconds: float) -> None:
        wait = max(1, math.ceil(wait_seconds))
        super().__init__(
            told("This operation was asked for too often; try again in {wait} s.", wait=wait),
            headers={"Retry-After": str(wait)},
        )


class ScarceOperations:
    """Limits each operation of `SCARCE`, for each agency and workspace, to a twentieth of the rest."""

    def __init__(self, per_minute: int) -> None:
        share = math.ceil(per_minute / _SCARCE_SHARE)
        self._buckets = TokenBuckets(share, share) if share else None

    def take(self, operation: str, agency_id: int | None, workspace_id: int | None) -> None:
        """Let one call of an operation through.

        Raises:
            TooOften: if there were too many of late.
        """
        if self._buckets is None or operation not in SCARCE:
            return
        turn = self._buckets.take(f"{operation}/{agency_id}/{workspace_id}".encode())
        if not turn.granted:
            raise TooOften(turn.wait_seconds)


class RateLimits:
    """Answers 429 to a credential, or without one to an address, that asks too often."""

    def __init__(self, app: ASGIApp, per_minute: int, burst: int) -> None:
        self._app = app
        self._buckets = TokenBuckets(per_minute, burst) if per_minute else None
        self._burst = burst
        # What identifies a caller is a secret: it is known here by a digest under a passing key.
        self._key = secrets.token_bytes(32)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, or refuse it."""
        if self._buckets is None or scope["type"] != "http" or not scope["path"].startswith(_API):
            await self._app(scope, receive, send)
            return
        caller = hashlib.blake2b(_identity(scope), digest_size=16, key=self._key).digest()
        turn = self._buckets.take(caller)
        answer_headers(scope).extend(_headers(turn, self._burst, self._buckets.window_seconds))
        if turn.granted:
            await self._app(scope, receive, send)
            return
        wait = max(1, math.ceil(turn.wait_seconds))
        details = f"Too many requests with these credentials; try again in {wait} s."
        refusal = json_response({"details": details}, 429, {"Retry-After": str(wait)})
        await refusal(scope, receive, send)


def _identity(scope: Scope) -> bytes:
    """What tells a caller from others: the credential sent, or else the address."""
    cookie = b""
    for name, value in scope["headers"]:
        if name == b"authorization":
            return bytes(value)
        if name == b"cookie" and _COOKIE in value:
            cookie = value.partition(_COOKIE)[2].partition(b";")[0].strip()
    return cookie or neighbourhood(address_of(scope)).encode()


def _headers(turn: Turn, burst: int, window_seconds: int) -> list[tuple[bytes, bytes]]:
    """The contract's headers, and those of the IETF's draft on rate limit fields."""
    reset = math.ceil(turn.full_seconds)
    left = turn.left
    return [
        (b"x-ratelimit-limit", b"%d" % burst),
        (b"x-ratelimit-remaining", b"%d" % left),
        (b"x-ratelimit-reset", b"%d" % reset),
        (b"ratelimit-policy", b'"credential";q=%d;w=%d' % (burst, window_seconds)),
        (b"ratelimit", b'"credential";r=%d;t=%d' % (left, reset)),
    ]
