"""Every answer carries `X-Request-Id`; every log line of the request carries it too."""

import re
import uuid

import structlog
from starlette.types import ASGIApp, Message, Receive, Scope, Send

_GIVEN = re.compile(rb"[A-Za-z0-9._-]{8,64}")
HEADER = "X-Request-Id"
_RAW_HEADER = HEADER.lower().encode()

RawHeaders = list[tuple[bytes, bytes]]


class RequestIds:
    """Takes the client's id if it is a plain one, and makes one otherwise.

    The outermost layer of ours: it also sends the headers that the layers below put down with
    `answer_headers`, in one go.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        given = dict(scope["headers"]).get(_RAW_HEADER, b"")
        request_id = given.decode() if _GIVEN.fullmatch(given) else uuid.uuid4().hex
        scope.setdefault("state", {})["request_id"] = request_id
        headers = answer_headers(scope)
        headers.append((_RAW_HEADER, request_id.encode()))

        async def send_with_headers(message: Message) -> None:
            if message["type"] == "http.response.start":
                message["headers"] = [*message.get("headers", ()), *headers]
            await send(message)

        with structlog.contextvars.bound_contextvars(request_id=request_id):
            await self._app(scope, receive, send_with_headers)


def answer_headers(scope: Scope) -> RawHeaders:
    """Return the headers that a request's answer will carry beside its own; add to them."""
    state = scope.setdefault("state", {})
    headers: RawHeaders = state.setdefault("answer_headers", [])
    return headers
