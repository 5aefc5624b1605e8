"""Reads a form that was posted in the usual encoding."""

from urllib.parse import parse_qsl

from starlette.requests import Request

from headrace.sandbox.answers import Problem

_MOST_FORM_BYTES = 20_000


async def form_of(request: Request) -> dict[str, str]:
    """Read a form of the usual encoding.

    Raises:
        Problem: 413 if it is too long, 400 if it is not text.
    """
    body = bytearray()
    async for chunk in request.stream():
        body += chunk
        if len(body) > _MOST_FORM_BYTES:
            raise Problem(413, "too_large", "The form is too long.")
    try:
        return dict(parse_qsl(body.decode(), keep_blank_values=True))
    except UnicodeDecodeError as error:
        raise Problem(400, "invalid_request", "The form is not text.") from error
