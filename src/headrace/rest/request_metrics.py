"""Counts and times every request by its route's template, never by its path: paths hold ids."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.kit import metrics

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_NO_ROUTE = "(none)"
_NO_ANSWER = 499
"""The status of a request whose client left before it was answered, as proxies write it."""


class RequestMetrics:
    """The outermost layer: what it times is the whole answer."""

    def __init__(self, app: ASGIApp) -> None:
        self._app = app

    async def __call__(self, scope: Scope, receive: Receive, send: Send) -> None:
        """Answer one request."""
        if scope["type"] != "http":
            await self._app(scope, receive, send)
            return
        status = _NO_ANSWER

        async def watch(message: Message) -> None:
            nonlocal status
            if message["type"] == "http.response.start":
                status = message["status"]
            await send(message)

        began = time.perf_counter()
        try:
            await self._app(scope, receive, watch)
        finally:
            method = scope["method"] if scope["method"] in _METHODS else "(other)"
            route = route_template(scope)
            metrics.HTTP_REQUESTS.labels(method, route, str(status)).inc()
            metrics.HTTP_SECONDS.labels(method, route).observe(time.perf_counter() - began)


def route_template(scope: Scope) -> str:
    """The path of the route that a request was given to, its parameters as their names."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        return path
    return scope.get("root_path") or _NO_ROUTE  # of an application mounted in ours
