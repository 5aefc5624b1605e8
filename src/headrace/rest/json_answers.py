"""How answers are encoded, and the headers that all of them carry."""

from collections.abc import Mapping
from typing import Any

import msgspec
from fastapi import Response
from starlette.datastructures import MutableHeaders
from starlette.types import ASGIApp, Message, Receive, Scope, Send

JSON = "application/json; charset=utf-8"
_BARE_JSON = "application/json"
_NO_CONTENT = 204
_API = "/api/"


def json_response(
    body: Any, status: int = 200, headers: Mapping[str, str] | None = None
) -> Response:
    """Encode a plain value as a JSON answer; moments are written in UTC with a `Z`."""
    return Response(msgspec.json.encode(body), status, headers, media_type=JSON)


def standing_headers(path: str) -> dict[str, str]:
    """Return the headers that every answer to a path carries unless it has its own.

    What the API answers belongs to one caller: nobody may keep it, show it in a frame, or take it
    for something else than its declared type.
    """
    headers = {"X-Content-Type-Options": "nosniff"}
    if path.startswith(_API):
        headers["Cache-Control"] = "no-store"
        headers["Content-Security-Policy"] = "default-src 'none'; frame-ancestors 'none'"
    return headers


class StandingHeaders:
    """Completes the headers of every answer, those of the framework among them."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        standing = standing_headers(scope["path"])

        async def send_complete(message: Message) -> None:
            if message["type"] == "http.response.start":
                headers = MutableHeaders(scope=message)
                for name, value in standing.items():
                    headers.setdefault(name, value)
                # The framework's own answers lack the character set that the contract states, and
                # declare a type where there is nothing.
                if message["status"] == _NO_CONTENT:
                    del headers["content-type"]
                elif headers.get("content-type") == _BARE_JSON:
                    headers["content-type"] = JSON
            await send(message)

        await self._app(scope, receive, send_complete)
