"""Sending one call: credentials, retries that honour Retry-After, idempotency keys, errors."""

import uuid
from base64 import b64encode
from collections.abc import Callable
from dataclasses import dataclass
from types import UnionType
from typing import Any, Protocol, TypeVar, overload
from urllib.parse import quote

import httpx
import msgspec
from tenacity import RetryCallState, Retrying, retry_if_exception_type, stop_after_attempt

from headrace.client.errors import BY_STATUS, ApiError, Unauthorized, Unreachable

Answer = TypeVar("Answer")

_ATTEMPTS = 4
_FIRST_PAUSE_SECONDS = 0.5
_LONGEST_PAUSE_SECONDS = 60.0
_FIRST_ERROR = 400
_TRY_AGAIN = {429, 502, 503, 504}


class _TryAgain(Exception):
    """The call may be sent again, after so many seconds where the server named them."""

    def __init__(self, cause: Exception, after_seconds: float | None) -> None:
        super().__init__(str(cause))
        self.cause = cause
        self.after_seconds = after_seconds


class Credentials(Protocol):
    """What a call is authorised by."""

    def header(self) -> str:
        """Return the value of the Authorization header."""

    def renew(self) -> bool:
        """Get new ones after the server refused these; False where there are none to get."""


@dataclass(frozen=True)
class Password:
    """An agency user's pair, sent as Basic credentials."""

    username: str
    password: str

    def header(self) -> str:
        """Return the value of the Authorization header."""
        pair = f"{self.username}:{self.password}".encode()
        return f"Basic {b64encode(pair).decode()}"

    def renew(self) -> bool:
        """There is nothing to renew: a refused password stays refused."""
        return False


class Caller:
    """Sends calls with one set of credentials. Instances are shared by threads."""

    def __init__(self, http: httpx.Client, credentials: Credentials) -> None:
        self._http = http
        self._credentials = credentials

    @overload
    def call(
        self,
        method: str,
        path: str,
        answer: type[Answer],
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
    ) -> Answer: ...

    @overload
    def call(
        self,
        method: str,
        path: str,
        answer: UnionType,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
    ) -> Any: ...

    def call(
        self,
        method: str,
        path: str,
        answer: Any,
        *,
        query: dict[str, Any] | None = None,
        body: Any = None,
    ) -> Any:
        """Send one call and decode its answer.

        GET, PUT and DELETE may be sent again. A POST carries an Idempotency-Key of its own, and so
        may be as well: the server does it once.

        Raises:
            ApiError: if the server answers with an error, and goes on to when asked again.
            Unreachable: if it gives no answer, or another one than the document says.
        """
        response = self._response(method, path, query or {}, body)
        try:
            return msgspec.json.decode(response.content, type=answer)
        except msgspec.DecodeError as fault:
            raise Unreachable(
                f"{response.url} answered something else than {answer}: {fault}"
            ) from fault

    def do(
        self, method: str, path: str, *, query: dict[str, Any] | None = None, body: Any = None
    ) -> None:
        """Send one call whose answer is empty; as `call` otherwise."""
        self._response(method, path, query or {}, body)

    def _response(self, method: str, path: str, query: dict[str, Any], body: Any) -> httpx.Response:
        headers = {"Idempotency-Key": uuid.uuid4().hex} if method == "POST" else {}
        content = None if body is None else msgspec.json.encode(body)
        params = httpx.QueryParams(
            [(name, _text(value)) for name, value in query.items() if value is not None]
        )
        attempts = Retrying(
            retry=retry_if_exception_type(_TryAgain),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=_pause_seconds,
            reraise=True,
        )
        try:
            return attempts(
                lambda: self._authorised(
                    lambda: self._http.build_request(
                        method, path, params=params, content=content, headers=headers
                    )
                )
            )
        except _TryAgain as given_up:
            raise given_up.cause from None

    def _authorised(self, build: Callable[[], httpx.Request]) -> httpx.Response:
        """Send a request, and once more with new credentials if these have expired."""
        # Where there are none to be had, asking again would only be another wrong guess.
        header = self._credentials.header()
        try:
            return self._send(build(), header)
        except Unauthorized:
            if not self._credentials.renew():
                raise
        return self._send(build(), self._credentials.header())

    def _send(self, request: httpx.Request, authorization: str) -> httpx.Response:
        request.headers["Authorization"] = authorization
        if request.content:
            request.headers["Content-Type"] = "application/json"
        try:
            response = self._http.send(request)
        except httpx.TransportError as fault:
            cause = Unreachable(f"{request.url} gave no answer: {fault or type(fault).__name__}")
            if request.method == "PATCH":
                raise cause from fault
            raise _TryAgain(cause, None) from fault
        if response.status_code >= _FIRST_ERROR:
            raise _failure(response)
        return response


def _text(value: Any) -> str:
    """Write a query value as the API reads it; several are one list with commas."""
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, list | tuple | set | frozenset):
        return ",".join(map(str, value))
    return str(value)


def in_path(value: int | str) -> str:
    """Write an id or a name as one part of a path."""
    return quote(str(value), safe="")


def _failure(response: httpx.Response) -> Exception:
    try:
        told = msgspec.json.decode(response.content, type=dict[str, Any])
    except msgspec.DecodeError:
        told = {}
    status = response.status_code
    error = BY_STATUS.get(status, ApiError)(
        status,
        str(told.get("details", response.reason_phrase)),
        told.get("errors"),
        told.get("request_id") or response.headers.get("X-Request-Id"),
    )
    if status not in _TRY_AGAIN or response.request.method == "PATCH":
        return error
    return _TryAgain(error, _seconds(response.headers.get("Retry-After")))


def _seconds(text: str | None) -> float | None:
    return float(text) if text and text.isdigit() else None


def _pause_seconds(state: RetryCallState) -> float:
    """Wait as long as the server asks, or twice as long as the last time."""
    fault = state.outcome.exception() if state.outcome else None
    if isinstance(fault, _TryAgain) and fault.after_seconds is not None:
        return min(fault.after_seconds, _LONGEST_PAUSE_SECONDS)
    doubled: float = _FIRST_PAUSE_SECONDS * 2 ** (state.attempt_number - 1)
    return doubled
