"""Whether a write with a visitor's cookie comes from our own pages: one place for all of them.

Browsers say where a request comes from (`Sec-Fetch-Site`, Fetch Metadata) and which page's script or
form sent it (`Origin`); neither can be set by a page. Programs, which have no visitor to abuse, send
neither.
"""

from collections.abc import Collection
from urllib.parse import urlsplit

from fastapi import Request

from headrace.access.errors import CrossSite
from headrace.rest.acts import SAFE_METHODS

_OURS = {"same-origin", "none"}


def insist_on_own_page(
    request: Request, own_origin: str, listed_origins: Collection[str] = ()
) -> None:
    """Refuse a write that another site's page makes with the cookie of its visitor (S51).

    listed_origins: those whose pages the operator lets act with cookies too.

    Raises:
        CrossSite: if it is one.
    """
    if request.method in SAFE_METHODS:
        return
    origin = request.headers.get("origin")
    if origin is not None and origin in listed_origins:
        return
    site = request.headers.get("sec-fetch-site", "none")
    is_own = origin is None or origin == own_origin or (site == "same-origin" and _is_here(request))
    if not is_own or site not in _OURS:
        raise CrossSite


def _is_here(request: Request) -> bool:
    """Whether the page is of the very name that was asked, be it another than the public one.

    A server at 127.0.0.1 is also asked as localhost. The browser must have said `same-origin` too.
    """
    asked = request.headers.get("host")
    return asked is not None and urlsplit(request.headers["origin"]).netloc == asked
