"""Published paths end with a slash here and not there: both forms of each lead to one handler."""

from starlette.types import ASGIApp, Receive, Scope, Send

_API = "/api/v3"
_API_31 = "/api/v3.1"


class PathForms:
    """Rewrites `/api/v3.1/...` and trailing slashes before routing; nothing is redirected.

    A redirect would lose the body of a POST in many clients (contract 1.1).
    """

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Rewrite the path of an API request."""
        if scope["type"] == "http" and scope["path"].startswith(_API):
            scope["original_path"] = scope["path"]
            scope["path"] = plain_path(scope["path"])
        await self._app(scope, receive, send)


def plain_path(path: str) -> str:
    """Return the form of an API path that routes are registered under."""
    if path == _API_31 or path.startswith(_API_31 + "/"):
        path = _API + path[len(_API_31) :]
    return path.rstrip("/")
