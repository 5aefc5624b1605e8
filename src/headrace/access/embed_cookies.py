"""The cookie of an iframe's session: partitioned by host page, and named after the session.

A name of its own for each session keeps two iframes of one product apart: with one name for all, the
second to open would turn the first one's requests into its own, in another workspace perhaps.
"""

from uuid import UUID

from fastapi import Request

SESSION_HEADER = "X-Embed-Session"
"""Names the session whose cookie a request is to be taken for; pages have it in their path."""
PATH_NAME = "session_id"
"""The parameter of a page's path that does."""
_PREFIX = "__Host-embed-"
# Sessions end by idleness long before; this only clears out what browsers hold of dead ones.
_DAY_SECONDS = 86_400


def cookie_line(session_id: UUID, secret: str) -> str:
    """Return the `Set-Cookie` line: for frames of other sites, out of the reach of scripts.

    Written by hand: the standard library knows `Partitioned` from Python 3.14 on only.
    """
    return (
        f"{_PREFIX}{session_id.hex}={secret}; Path=/; Max-Age={_DAY_SECONDS}; "
        "Secure; HttpOnly; SameSite=None; Partitioned"
    )


def session_secret(request: Request) -> str | None:
    """Return the secret of the iframe session that a request names; None where it names none."""
    given = request.path_params.get(PATH_NAME, request.headers.get(SESSION_HEADER, ""))
    try:
        named = UUID(str(given))
    except ValueError:
        return None
    return request.cookies.get(f"{_PREFIX}{named.hex}", "")
