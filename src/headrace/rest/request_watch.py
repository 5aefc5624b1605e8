"""Counts, times and traces every request by its route's template; its path holds ids."""

import time

from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.kit import metrics, tracing

_METHODS = frozenset({"GET", "POST", "PUT", "PATCH", "DELETE", "HEAD", "OPTIONS"})
_NO_ROUTE = "(none)"
_NO_ANSWER = 499
"""The status of a request whose client left before it was answered, as proxies write it."""
_OUR_FAULT = 500


class RequestWatch:
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
        method = scope["method"] if scope["method"] in _METHODS else "(other)"
        with tracing.span(method, kind="server", parent=_parent(scope)) as span:
            try:
                await self._app(scope, receive, watch)
            finally:
                route = route_template(scope)
                metrics.HTTP_REQUESTS.labels(method, route, str(status)).inc()
                metrics.HTTP_SECONDS.labels(method, route).observe(time.perf_counter() - began)
                span.rename(f"{method} {route}")
                span.note(
                    http__request__method=method,
                    http__route=route,
                    http__response__status_code=status,
                    headrace__request_id=scope.get("state", {}).get("request_id"),
                )
                if status >= _OUR_FAULT:
                    span.fail(str(status))


def _parent(scope: Scope) -> str | None:
    """The trace that the client says it is in, so that its spans and ours are one picture."""
    for name, value in scope["headers"]:
        if name == b"traceparent":
            text: str = value.decode("latin-1")
            return text
    return None


def route_template(scope: Scope) -> str:
    """The path of the route that a request was given to, its parameters as their names."""
    path = getattr(scope.get("route"), "path", None)
    if isinstance(path, str):
        return path
    return scope.get("root_path") or _NO_ROUTE  # of an application mounted in ours
