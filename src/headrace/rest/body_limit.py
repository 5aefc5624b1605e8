"""Bodies larger than a limit are refused before they are in memory."""

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 2**20
"""The largest request body (contract 1.4)."""


class BodyLimit:
    """Counts what arrives of a body, and stops reading where it is too much.

    The refusal is raised where the body is read, so that it is answered like every other error.
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Pass a request on, its body counted."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        declared = Headers(scope=scope).get("content-length", "0")
        arrived = int(declared) if declared.isdigit() and len(declared) < 19 else 0
        is_too_large = arrived > MAX_BODY_BYTES
        arrived = 0

        async def receive_counted() -> Message:
            nonlocal arrived
            if is_too_large:
                raise _too_large()
            message = await receive()
            arrived += len(message.get("body", b""))
            if arrived > MAX_BODY_BYTES:
                raise _too_large()
            return message

        await self._app(scope, receive_counted, send)


def _too_large() -> HTTPException:
    details = f"The body is larger than {MAX_BODY_BYTES:,} bytes; send less at a time."
    # What was not read would be taken for the next request, so the connection ends here.
    return HTTPException(413, details, {"Connection": "close"})
