"""Refusals as classes with a status, and how every error renders: `{"details": "..."}`."""

from collections.abc import Mapping
from typing import Any, ClassVar

import psycopg
import structlog
from fastapi import FastAPI, Request
from fastapi.exceptions import RequestValidationError
from fastapi.responses import JSONResponse
from sqlalchemy.exc import DBAPIError
from starlette.exceptions import HTTPException

from headrace.rest.request_ids import HEADER as REQUEST_ID_HEADER

log = structlog.get_logger(__name__)

_PHRASES = {404: "Not found.", 405: "This method is not allowed here."}


class AppError(Exception):
    """A refusal with an HTTP status; subclasses name it: `class Paused(AppError, status=409)`.

    errors: messages by field, for forms (contract 1.4).
    """

    status: ClassVar[int] = 400

    def __init__(
        self,
        details: str,
        errors: Mapping[str, list[str]] | None = None,
        headers: Mapping[str, str] | None = None,
    ) -> None:
        super().__init__(details)
        self.details = details
        self.errors = errors
        self.headers = headers

    def __init_subclass__(cls, status: int | None = None, **kwargs: Any) -> None:
        super().__init_subclass__(**kwargs)
        if status is not None:
            cls.status = status


class NotFound(AppError, status=404):
    """The object is not there for this caller; foreign and missing look the same."""

    def __init__(self, noun: str) -> None:
        super().__init__(f"{noun} not found.")


class Invalid(AppError, status=400):
    """One field of the request is not acceptable."""

    def __init__(self, field: str, message: str) -> None:
        super().__init__(f"{field}: {message}", {field: [message]})


def _body(details: str, errors: Mapping[str, list[str]] | None = None) -> dict[str, Any]:
    return {"details": details} | ({"errors": errors} if errors else {})


async def _app_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, AppError)
    headers = dict(error.headers) if error.headers else None
    return JSONResponse(_body(error.details, error.errors), error.status, headers)


async def _validation_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, RequestValidationError)
    errors: dict[str, list[str]] = {}
    for item in error.errors():
        place = [str(part) for part in item["loc"]]
        name = ".".join(place[1:]) or place[0]
        errors.setdefault(name, []).append(item["msg"].removeprefix("Value error, "))
    if any(item["type"] == "json_invalid" for item in error.errors()):
        return JSONResponse(_body("The body is not valid JSON."), 400)
    missing = [str(item["loc"][0]) == "path" for item in error.errors()]
    if all(missing):
        return JSONResponse(_body("Not found."), 404)
    text = "; ".join(f"{name}: {', '.join(messages)}" for name, messages in errors.items())
    return JSONResponse(_body(text, errors), 400)


async def _http_error(_: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, HTTPException)
    headers = dict(error.headers) if error.headers else None
    details = _PHRASES.get(error.status_code, str(error.detail))
    return JSONResponse(_body(details), error.status_code, headers)


async def _database_error(request: Request, error: Exception) -> JSONResponse:
    assert isinstance(error, DBAPIError)
    # Text that PostgreSQL cannot hold (NUL) and numbers beyond its types.
    if isinstance(error.orig, psycopg.DataError):
        return JSONResponse(_body("A value cannot be stored: it is out of range or not text."), 400)
    return await _unexpected(request, error)


async def _unexpected(request: Request, error: Exception) -> JSONResponse:
    request_id = getattr(request.state, "request_id", None)
    log.error("request failed", path=request.url.path, request_id=request_id, exc_info=error)
    # The outermost layer answers this, beyond the one that names requests in headers and logs.
    headers = {REQUEST_ID_HEADER: request_id} if request_id else None
    return JSONResponse({"details": "Internal error", "request_id": request_id}, 500, headers)


def install(app: FastAPI) -> None:
    """Make an application answer every error in the API's form."""
    app.add_exception_handler(AppError, _app_error)
    app.add_exception_handler(RequestValidationError, _validation_error)
    app.add_exception_handler(HTTPException, _http_error)
    app.add_exception_handler(DBAPIError, _database_error)
    app.add_exception_handler(Exception, _unexpected)
