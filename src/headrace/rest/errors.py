"""Refusals as classes with a status, and how every error renders: `{"details": "..."}`."""

from collections.abc import Mapping
from typing import Any, ClassVar

import psycopg
import structlog
from fastapi import FastAPI, Request, Response
from fastapi.exceptions import RequestValidationError
from fastapi.routing import APIRoute, iter_route_contexts
from sqlalchemy.exc import DBAPIError, InterfaceError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from starlette.exceptions import HTTPException

from headrace.kit.told import Told, named, told
from headrace.rest.json_answers import json_response, standing_headers
from headrace.rest.request_ids import answer_headers
from headrace.rest.strict_json import UnfitJson

log = structlog.get_logger(__name__)

_RETRY_AFTER_SECONDS = 2
# Other transactions are in the way, or the database is: both pass.
_BUSY = (
    psycopg.errors.TransactionRollback,
    psycopg.errors.LockNotAvailable,
    psycopg.errors.QueryCanceled,
)
_PHRASES = {
    400: "The body is not JSON text in UTF-8, or it is nested too deeply.",
    404: "Not found.",
    405: "This method is not allowed here.",
}


class AppError(Exception):
    """A refusal with an HTTP status; subclasses name it: `class Paused(AppError, status=409)`.

    message, by_field: what pages say in their visitor's language. details, errors: the same as the
    API answers it, in English; errors are by field, for forms (contract 1.4).
    """

    status: ClassVar[int] = 400

    def __init__(
        self,
        message: Told,
        by_field: Mapping[str, list[Told]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(message)
        self.message = message
        self.by_field = by_field or {}
        self.details = str(message)
        self.errors = {name: [str(one) for one in said] for name, said in self.by_field.items()}
        self.headers = headers

    def __init_subclass__(cls, status: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if status is not None:
            cls.status = status


class NotFound(AppError, status=404):
    """The object is not there for this caller; foreign and missing look the same."""

    def __init__(self, noun: str | Told) -> None:
        super().__init__(
            told("{noun} not found.", noun=named(noun) if isinstance(noun, str) else noun)
        )


class Invalid(AppError, status=400):
    """One field of the request is not acceptable."""

    def __init__(self, field: str, message: Told) -> None:
        super().__init__(
            told("{field}: {message}", field=field, message=message), {field: [message]}
        )


def _body(details: str, errors: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    return {"details": details} | ({"errors": errors} if errors else {})


async def _app_error(_: Request, error: Exception) -> Response:
    assert isinstance(error, AppError)
    return json_response(_body(error.details, error.errors), error.status, error.headers)


async def _validation_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, RequestValidationError)
    found = error.errors()
    # An id that cannot exist is missing like any other, whatever else is wrong.
    if any(item["loc"][0] == "path" for item in found):
        return json_response(_body(_PHRASES[404]), 404)
    if any(item["loc"] == ("body",) for item in found) and not _is_json(request):
        text = "Send the body as JSON, with the header Content-Type: application/json."
        return json_response(_body(text), 415)
    if any(item["type"] == "json_invalid" for item in found):
        return json_response(_body("The body is not valid JSON."), 400)
    errors: dict[str, list[str]] = {}
    for item in found:
        place = [str(part) for part in item["loc"]]
        name = ".".join(place[1:]) or place[0]
        errors.setdefault(name, []).append(item["msg"].removeprefix("Value error, "))
    text = "; ".join(f"{name}: {', '.join(messages)}" for name, messages in errors.items())
    return json_response(_body(text, errors), 400)


def _is_json(request: Request) -> bool:
    """Whether a request has no body, or one that says it is JSON."""
    kind = request.headers.get("content-type", "").partition(";")[0].strip().lower()
    has_body = request.headers.get("content-length", "0") != "0" or (
        "transfer-encoding" in request.headers
    )
    return not has_body or kind == "application/json" or kind.endswith("+json")


async def _http_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers or {})
    if error.status_code == 405:
        headers["Allow"] = ", ".join(sorted(_methods_at(request)))
    details = str(error.detail)
    if not isinstance(error, UnfitJson):
        details = _PHRASES.get(error.status_code, details)
    return json_response(_body(details), error.status_code, headers)


def _methods_at(request: Request) -> set[str]:
    """The methods a path takes; the router itself names those of its first route only."""
    found: set[str] = set()
    for context in iter_route_contexts(request.app.routes):
        route = context.original_route
        # Of a router that is mounted below another path, that of the mount counts.
        if isinstance(route, APIRoute) and context.path_regex.match(request.scope["path"]):
            found |= route.methods or set()
    return found


async def _database_error(request: Request, error: Exception) -> Response:
    assert isinstance(error, DBAPIError)
    # Text that PostgreSQL cannot hold (NUL) and numbers beyond its types.
    if isinstance(error.orig, psycopg.DataError):
        text = "A value cannot be stored: it is out of range or not text."
        return json_response(_body(text), 400)
    # The rules look before they write; only another request at the same moment gets past them.
    if isinstance(error.orig, psycopg.errors.UniqueViolation):
        text = "Another request made the same at the same moment; look what is there, and repeat."
        return json_response(_body(text), 409)
    if isinstance(error.orig, _BUSY) or isinstance(error, OperationalError | InterfaceError):
        log.warning("database could not serve a request", path=request.url.path, exc_info=error)
        return _try_later()
    return await _unexpected(request, error)


async def _no_connection(request: Request, error: Exception) -> Response:
    log.warning("no connection to the database was free", path=request.url.path, exc_info=error)
    return _try_later()


def _try_later() -> Response:
    text = "The server cannot do this at the moment; nothing was changed. Try again."
    return json_response(_body(text), 503, {"Retry-After": str(_RETRY_AFTER_SECONDS)})


async def _unexpected(request: Request, error: Exception) -> Response:
    request_id = getattr(request.state, "request_id", None)
    log.error("request failed", path=request.url.path, request_id=request_id, exc_info=error)
    # The outermost layer answers this, beyond those that complete the headers of answers.
    headers = standing_headers(request.url.path)
    for name, value in answer_headers(request.scope):
        headers[name.decode("latin-1")] = value.decode("latin-1")
    return json_response({"details": "Internal error", "request_id": request_id}, 500, headers)


def install(app: FastAPI) -> None:
    """Make an application answer every error in the API's form."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(PoolExhausted, _no_connection)
    app.add_exception_handler(Exception, _unexpected)
