"""Which pages of other origins may call the API from a browser: those the operator lists."""

from collections.abc import Sequence

from starlette.datastructures import Headers
from starlette.responses import Response
from starlette.types import ASGIApp, Receive, Scope, Send

from headrace.rest.json_answers import json_response
from headrace.rest.origins import origin_of
from headrace.rest.request_ids import answer_headers

_METHODS = "GET, POST, PUT, PATCH, DELETE"
_ALLOWED_HEADERS = "Authorization, Content-Type, Idempotency-Key, X-IM-WORKSPACE-ID, X-Request-Id"
_EXPOSED_HEADERS = (
    "X-Request-Id, Retry-After, Idempotency-Replayed, RateLimit, RateLimit-Policy, "
    "X-RateLimit-Limit, X-RateLimit-Remaining, X-RateLimit-Reset"
)
_REMEMBER_SECONDS = "600"


class Cors:
    """Tells browsers that a listed origin's pages may read answers, with credentials.

    An origin is echoed only if it is on the list; there is no wildcard. Whether a page may write
    with a visitor's cookie is checked again where the cookie is (`access.authentication`).
    """

    def __init__(self, app: ASGIApp, origins: Sequence[str]) -> None:
        self._app = app
        self._origins = frozenset(origin_of(item) for item in origins)

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer a preflight, or pass a request on."""
        if scope["type"] != "http" or not self._origins:
            await self._app(scope, receive, send)
            return
        headers = Headers(scope=scope)
        origin = headers.get("origin")
        added = answer_headers(scope)
        # Answers differ by origin, so that no cache may give one origin's answer to another.
        added.append((b"vary", b"Origin"))
        if origin is None:
            await self._app(scope, receive, send)
            return
        is_listed = origin in self._origins
        if is_listed:
            added += [
                (b"access-control-allow-origin", origin.encode("latin-1")),
                (b"access-control-allow-credentials", b"true"),
                (b"access-control-expose-headers", _EXPOSED_HEADERS.encode()),
            ]
        if scope["method"] == "OPTIONS" and "access-control-request-method" in headers:
            await _preflight(is_listed=is_listed)(scope, receive, send)
            return
        await self._app(scope, receive, send)


def _preflight(*, is_listed: bool) -> Response:
    if not is_listed:
        return json_response({"details": "Pages of this origin may not call the API."}, 403)
    return Response(
        status_code=204,
        headers={
            "Access-Control-Allow-Methods": _METHODS,
            "Access-Control-Allow-Headers": _ALLOWED_HEADERS,
            "Access-Control-Max-Age": _REMEMBER_SECONDS,
        },
    )
