"""Style sheets, scripts and pictures: read once, served under a path that changes with them."""

import hashlib
import mimetypes
from functools import cache
from importlib import resources

from fastapi import APIRouter, Request, Response

from headrace.rest.errors import NotFound

router = APIRouter(include_in_schema=False)

PREFIX = "/assets"
_KINDS = {
    ".css": "text/css; charset=utf-8",
    ".js": "text/javascript; charset=utf-8",
    ".svg": "image/svg+xml",
    ".json": "application/json; charset=utf-8",
}
_FOREVER = "public, max-age=31536000, immutable"


@cache
def _files() -> dict[str, bytes]:
    """Every file by name; read once."""
    folder = resources.files("headrace.pages").joinpath("static")
    return {item.name: item.read_bytes() for item in folder.iterdir() if item.is_file()}


@cache
def version() -> str:
    """Return the digest of all files together, so that modules can import each other by name."""
    digest = hashlib.sha256()
    for name, content in sorted(_files().items()):
        digest.update(f"{name}\0{len(content)}\0".encode() + content)
    return digest.hexdigest()[:16]


def asset(name: str) -> str:
    """Return the address of a file of `static/`.

    Raises:
        KeyError: if there is none of the name.
    """
    if name not in _files():
        raise KeyError(name)
    return f"{PREFIX}/{version()}/{name}"


def content_of(name: str) -> bytes:
    """Return what a file of `static/` holds; raises as `asset` does."""
    return _files()[name]


@router.get(PREFIX + "/{given_version}/{name}")
def show_asset(given_version: str, name: str, request: Request) -> Response:
    """Answer a file. Under another version's path it is what there is now, to be asked for again."""
    if name not in _files():
        raise NotFound("File")
    is_current = given_version == version()
    headers = {
        "Cache-Control": _FOREVER if is_current else "no-cache",
        "ETag": f'"{version()}"',
        "Cross-Origin-Resource-Policy": "same-origin",
    }
    if request.headers.get("if-none-match") == headers["ETag"]:
        return Response(status_code=304, headers=headers)
    ending = "." + name.rpartition(".")[2]
    kind = _KINDS.get(ending) or mimetypes.guess_type(name)[0] or "application/octet-stream"
    return Response(_files()[name], headers=headers, media_type=kind)
