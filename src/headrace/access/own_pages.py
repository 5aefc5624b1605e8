"""Whether a write with a visitor's cookie comes from our own pages: one place for all of them.

Browsers say where a request comes from (`Sec-Fetch-Site`, Fetch Metadata) and which page's script or
form sent it (`Origin`); neither can be set by a page. Programs, which have no visitor to abuse, send
neither.
"""

from collections.abc import Collection

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
    is_own_origin = origin is None or origin == own_origin
    if not is_own_origin or request.headers.get("sec-fetch-site", "none") not in _OURS:
        raise CrossSite
