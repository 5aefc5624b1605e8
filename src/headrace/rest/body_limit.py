"""Bodies larger than a limit are refused before they are in memory, slow ones after a while."""

import asyncio

from starlette.datastructures import Headers
from starlette.exceptions import HTTPException
from starlette.types import ASGIApp, Message, Receive, Scope, Send

MAX_BODY_BYTES = 2**20
"""The largest request body (contract 1.4)."""


MAX_BODY_SECONDS = 30.0
"""How long a body may take to arrive; whoever sends it holds a connection meanwhile, no thread."""


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
        is_whole = False
        deadline = asyncio.get_running_loop().time() + MAX_BODY_SECONDS

        async def receive_counted() -> Message:
            nonlocal arrived, is_whole
            if is_too_large:
                raise _too_large()
            if is_whole:  # what comes then is the end of the connection, however late
                return await receive()
            try:
                async with asyncio.timeout_at(deadline):
                    message = await receive()
            except TimeoutError:
                raise _too_slow() from None
            is_whole = not message.get("more_body", False)
            arrived += len(message.get("body", b""))
            if arrived > MAX_BODY_BYTES:
                raise _too_large()
            return message

        await self._app(scope, receive_counted, send)


def _too_slow() -> HTTPException:
    details = f"The body did not arrive within {MAX_BODY_SECONDS:.0f} s."
    return HTTPException(408, details, {"Connection": "close"})


def _too_large() -> HTTPException:
    details = f"The body is larger than {MAX_BODY_BYTES:,} bytes; send less at a time."
    # What was not read would be taken for the next request, so the connection ends here.
    return HTTPException(413, details, {"Connection": "close"})
