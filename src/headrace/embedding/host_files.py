"""What a host page takes from here: the script that shows our pages, its types, the messages' schema."""

import hashlib

from fastapi import APIRouter, Request, Response

from headrace.pages.assets import content_of

router = APIRouter(include_in_schema=False)

_A_WHILE = "public, max-age=3600"


def _answer(name: str, kind: str, request: Request) -> Response:
    """Answer a file to pages of any origin; they ask again every hour whether it changed."""
    content = content_of(name)
    tag = f'"{hashlib.sha256(content).hexdigest()[:16]}"'
    headers = {
        "Cache-Control": _A_WHILE,
        "ETag": tag,
        "Cross-Origin-Resource-Policy": "cross-origin",
    }
    if request.headers.get("if-none-match") == tag:
        return Response(status_code=304, headers=headers)
    return Response(content, headers=headers, media_type=kind)


@router.get("/embed.js")
def show_host_script(request: Request) -> Response:
    """Answer the script of host pages."""
    return _answer("embed.js", "text/javascript; charset=utf-8", request)


@router.get("/embed.d.ts")
def show_host_types(request: Request) -> Response:
    """Answer the script's types."""
    return _answer("embed.d.ts", "text/plain; charset=utf-8", request)


@router.get("/embed/messages.json")
def show_message_schema(request: Request) -> Response:
    """Answer the schema of the iframe's messages."""
    return _answer("messages.schema.json", "application/schema+json", request)
