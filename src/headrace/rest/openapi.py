"""The OpenAPI 3.1 document: what FastAPI derives, and what only we know added to it."""

import re
from collections.abc import Iterator
from typing import Any

from fastapi import FastAPI
from fastapi.openapi.utils import get_openapi
from fastapi.routing import APIRoute, iter_route_contexts
from starlette.routing import BaseRoute

from headrace.rest.acts import SAFE_METHODS
from headrace.rest.openapi_examples import example_of
from headrace.rest.openapi_names import publish_names

EXTENSION = {"x-headrace-extension": True}
"""Marks an operation that the published API does not have."""

_DESCRIPTION = """The Embedded API v3, self-hosted by Headrace.

Create a workspace token with Basic credentials (`POST /api/v3/token`), then send it as
`Authorization: Bearer <token>`. Every path answers with and without a slash at its end. Operations
marked `x-headrace-extension` are Headrace's own.
"""

_SECURITY_SCHEMES = {
    "basic": {"type": "http", "scheme": "basic", "description": "An agency user."},
    "bearer": {
        "type": "http",
        "scheme": "bearer",
        "description": "A workspace token, renewed for 30 minutes by each use.",
    },
    "cookie": {
        "type": "apiKey",
        "in": "cookie",
        "name": "dts_session_id",
        "description": "A browser session; send X-IM-WORKSPACE-ID with it.",
    },
    "code": {
        "type": "http",
        "scheme": "code",
        "description": "The code in the fragment of an iframe's URL: `Authorization: Code <code>`.",
    },
    "link": {
        "type": "http",
        "scheme": "link",
        "description": "The secret in the fragment of an external authentication link's URL: "
        "`Authorization: Link <secret>`.",
    },
}

_ERROR = {
    "type": "object",
    "required": ["details"],
    "properties": {
        "details": {"type": "string", "description": "What is wrong and what to do."},
        "errors": {
            "type": "object",
            "description": "The same by field, for forms.",
            "additionalProperties": {"type": "array", "items": {"type": "string"}},
        },
        "request_id": {"type": ["string", "null"], "description": "With 500 only."},
    },
    "example": {"details": "Extract not found."},
}

_STATUS_TEXTS = {
    "400": "The request is malformed or not acceptable as it is.",
    "401": "The credentials are missing, wrong, expired or of the wrong kind.",
    "403": "The caller's role does not include what the operation needs.",
    "404": "The object does not exist for this caller.",
    "408": "The body did not arrive in time.",
    "409": "The object's state does not allow it now.",
    "413": "The body is larger than 1 MiB.",
    "415": "The body is not declared as JSON.",
    "422": "The idempotency key was used with another body or query.",
    "429": "Too many requests; `Retry-After` says when to come again.",
    "500": "A fault of the server.",
    "503": "The database does not answer or is too busy; nothing was changed, try again.",
}

_IDEMPOTENCY_KEY = {
    "name": "Idempotency-Key",
    "in": "header",
    "required": False,
    "description": "A key of your choice, such as a UUID. The same request with the same key within "
    "24 hours is carried out once: its answer is sent again, with `Idempotency-Replayed: true`.",
    "schema": {"type": "string", "minLength": 1, "maxLength": 255, "pattern": "^[!-~]+$"},
    "example": "6f1c9a52-8f1e-4a0e-9d55-0d7a3f6f2f10",
}

# What answers carry beside their bodies, where it matters to programs.
_RETRY_HEADERS = {
    "Retry-After": {
        "description": "Seconds to wait before the next attempt.",
        "schema": {"type": "integer", "minimum": 1},
    }
}
_LIMIT_HEADERS = {
    name: {"description": description, "schema": {"type": "integer", "minimum": 0}}
    for name, description in (
        ("X-RateLimit-Limit", "How many requests a full bucket of this credential holds."),
        ("X-RateLimit-Remaining", "How many are left now."),
        ("X-RateLimit-Reset", "Seconds until the bucket is full again."),
    )
}

# Published with a slash at the end (contract 1.1); both forms answer.
_PUBLISHED = {
    path: f"{path}/"
    for path in (
        "/api/v3/roles",
        "/api/v3/extract-template/{template_id}",
        "/api/v3/extract-template/{template_id}/preview",
        "/api/v3/extract-template/{template_id}/validation",
        "/api/v3/datasources/{datasource_name}/custom_setting_options",
    )
}

_SLASHED = re.compile(r"/api/v3/webhook_(endpoints|event_types)(/|$)")

# The only operation published under 3.1; the 3.0 form of it is an alias (contract 1.1).
_ALIAS = ("/api/v3/extracts", "post", "/api/v3.1/extracts/")


def build(app: FastAPI) -> dict[str, Any]:
    """Return the document of an application, made once."""
    if app.openapi_schema:
        return app.openapi_schema
    document = get_openapi(
        title="Headrace Embedded API",
        version="3.1",
        openapi_version="3.1.0",
        description=_DESCRIPTION,
        routes=app.routes,
        license_info={"name": "Apache-2.0", "identifier": "Apache-2.0"},
    )
    components = document.setdefault("components", {})
    components["securitySchemes"] = _SECURITY_SCHEMES
    components.setdefault("schemas", {})["Error"] = _ERROR
    for unused in ("HTTPValidationError", "ValidationError"):
        components["schemas"].pop(unused, None)
    for route in api_routes(app.routes):
        for method in route.methods or ():
            operation = document["paths"][route.path_format][method.lower()]
            _complete(operation, route)
            _add_examples(operation, components["schemas"])
    document["paths"] = {_published_path(path): item for path, item in document["paths"].items()}
    alias, method, published = _ALIAS
    operation = document["paths"][alias][method]
    document["paths"][published] = {method: operation}
    document["paths"][alias][method] = operation | {
        "operationId": operation["operationId"] + "_alias",
        "summary": f"Alias of {method.upper()} {published}",
    }
    publish_names(document)
    app.openapi_schema = document
    return document


def _published_path(path: str) -> str:
    return f"{path}/" if _SLASHED.match(path) else _PUBLISHED.get(path, path)


def api_routes(routes: list[BaseRoute]) -> Iterator[APIRoute]:
    """Yield the documented operations."""
    for context in iter_route_contexts(routes):
        route = context.original_route
        if isinstance(route, APIRoute) and route.include_in_schema:
            yield route


def guard_of(route: APIRoute) -> Any:
    """Return the guard a route declares (`access.guards.Guard`), or None."""
    pending = list(route.dependant.dependencies)
    while pending:
        dependant = pending.pop()
        if hasattr(dependant.call, "schemes"):
            return dependant.call
        pending.extend(dependant.dependencies)
    return None


def _complete(operation: dict[str, Any], route: APIRoute) -> None:
    operation["operationId"] = route.name
    operation["summary"] = route.name.replace("_", " ").capitalize()
    answers = operation["responses"]
    answers.pop("422", None)
    guard = guard_of(route)
    if guard is not None:
        operation["security"] = [{scheme: []} for scheme in guard.schemes]
        if guard.permission is not None:
            operation["description"] = (
                operation.get("description", "") + f"\n\nPermission: `{guard.permission}`."
            ).strip()
    if not _is_safe(route):
        operation.setdefault("parameters", []).append(_IDEMPOTENCY_KEY)
    for status in sorted(_statuses(route, guard)):
        answers.setdefault(status, _error_answer(status))
    operation["responses"] = dict(sorted(answers.items()))


def _add_examples(operation: dict[str, Any], schemas: dict[str, Any]) -> None:
    """Show one example of what goes in and of what comes out when all is well."""
    bodies = [operation.get("requestBody", {})]
    bodies += [answer for status, answer in operation["responses"].items() if status < "300"]
    for body in bodies:
        for content in body.get("content", {}).values():
            content["example"] = example_of(content["schema"], schemas)


def _statuses(route: APIRoute, guard: Any) -> set[str]:
    statuses = {"429", "500", "503"}
    if guard is not None:
        statuses |= {"401", "403"}
    if not _is_safe(route):
        statuses |= {"400", "409", "422"}
    if route.body_field is not None:
        statuses |= {"408", "413", "415"}
    takes_input = route.body_field is not None or bool(route.dependant.query_params)
    if takes_input or (guard is not None and "cookie" in guard.schemes):
        statuses.add("400")
    pages = "page" in {
        param.name for item in route.dependant.dependencies for param in item.query_params
    }
    if pages or re.search(r"{", route.path):
        statuses.add("404")
    return statuses


def _is_safe(route: APIRoute) -> bool:
    return (route.methods or set()) <= SAFE_METHODS


def _error_answer(status: str) -> dict[str, Any]:
    schema = {"$ref": "#/components/schemas/Error"}
    answer: dict[str, Any] = {
        "description": _STATUS_TEXTS[status],
        "content": {"application/json": {"schema": schema}},
    }
    if status in {"429", "503"}:
        answer["headers"] = _RETRY_HEADERS | (_LIMIT_HEADERS if status == "429" else {})
    return answer


def answers(*statuses: int) -> dict[int | str, dict[str, Any]]:
    """Declare further error statuses of a route: `responses=answers(409)`."""
    return {status: _error_answer(str(status)) for status in statuses}
