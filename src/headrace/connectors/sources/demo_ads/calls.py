"""Calls to the network: authorised, repeated where that helps, judged by what should happen next."""

from collections.abc import Callable, Mapping
from datetime import UTC
from email.utils import parsedate_to_datetime
from typing import Any, TypeVar

import msgspec
import tenacity
import urllib3

from headrace.connectors.contract import Access
from headrace.kit import clock
from headrace.kit.outbound import OutboundRefused
from headrace.kit.outcomes import Pauses, Reauthorize, Refused, SlowDown, TryLater
from headrace.kit.told import told, told_by

Answer = TypeVar("Answer")

_TRIES = 4
_SHORT_WAIT_SECONDS = 5.0
_MOST_SHORT_WAITS = 20
_DEFAULT_WAIT_SECONDS = 60.0
_MOST_BODY_BYTES = 64 * 1024 * 1024
_SHOWN_CHARACTERS = 200


class ErrorBody(msgspec.Struct):
    """The inside of an error answer."""

    code: str = ""
    message: str = ""


class ErrorAnswer(msgspec.Struct):
    """An error answer of the network."""

    error: ErrorBody


class TokenAnswer(msgspec.Struct):
    """What the token endpoint gives (RFC 6749 section 5.1)."""

    access_token: str


class ReportTooLarge(Refused):
    """The network makes this report only in its own time."""


class ReportGone(Refused):
    """The network no longer knows a report."""


class _Passing(Exception):
    """A fault that may pass; the message says which."""


_ERROR = msgspec.json.Decoder(ErrorAnswer)
_TOKEN = msgspec.json.Decoder(TokenAnswer)
_SPECIAL = {"report_too_large": ReportTooLarge, "report_expired": ReportGone,
            "report_not_found": ReportGone}  # fmt: skip


def retry_after_seconds(header: str | None) -> float:
    """Return how long a `Retry-After` header asks to wait (RFC 9110: seconds or a date)."""
    text = (header or "").strip()
    if text.isascii() and text.isdigit() and len(text) < 7:
        return float(text)
    try:
        moment = parsedate_to_datetime(text)
    except ValueError:
        return _DEFAULT_WAIT_SECONDS
    if moment.tzinfo is None:
        moment = moment.replace(tzinfo=UTC)
    return max(0.0, (moment - clock.now()).total_seconds())


class NetworkCalls:
    """Calls for one connection, one after the other; not to be shared between threads.

    pause: waits some seconds; count_retry: told why a request is sent again.
    """

    def __init__(
        self,
        access: Access,
        pause: Callable[[float], None] = lambda _seconds: None,
        count_retry: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self._access = access
        self.pause = pause
        self.count_retry = count_retry
        self._given_token = str(access.credentials.get("access_token") or "")
        self._token = self._given_token
        self._short_waits = 0

    def get(
        self, path: str, query: Mapping[str, str], decoder: msgspec.json.Decoder[Answer]
    ) -> Answer:
        """Read something.

        Raises:
            ReportTooLarge, ReportGone: if the network says so.
            Reauthorize, SlowDown, TryLater, Refused: see `kit.outcomes`.
        """
        return self._authorised("GET", path, decoder, query=query)

    def post(
        self, path: str, form: Mapping[str, str], decoder: msgspec.json.Decoder[Answer]
    ) -> Answer:
        """Create something; raises as `get` does."""
        return self._authorised("POST", path, decoder, form=form)

    def _authorised(
        self, method: str, path: str, decoder: msgspec.json.Decoder[Answer], **sent: Any
    ) -> Answer:
        if not self._token:
            self._token = self._demo_token()
        try:
            return self._repeated(method, path, decoder, sent)
        except Reauthorize:
            # A token of the demo grant lives for an hour; a long read lives longer, and so may a
            # call that the network puts off time and again.
            if self._given_token:
                raise
            self._token = self._demo_token()
            return self._repeated(method, path, decoder, sent)

    def _demo_token(self) -> str:
        sent = {"form": {"grant_type": "demo"}}
        return self._repeated("POST", "/oauth/token", _TOKEN, sent).access_token

    def _repeated(
        self,
        method: str,
        path: str,
        decoder: msgspec.json.Decoder[Answer],
        sent: Mapping[str, Any],
    ) -> Answer:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception_type(_Passing),
            stop=tenacity.stop_after_attempt(_TRIES),
            wait=tenacity.wait_exponential_jitter(initial=1, exp_base=2, max=8, jitter=1),
            sleep=self.pause,
            before_sleep=self._tell_retry,
            reraise=True,
        )
        try:
            answer: Answer = retrying(self._patient, method, path, decoder, sent)
        except _Passing as fault:
            raise TryLater(
                told(
                    "Demo Ads gave no usable answer {tries} times: {fault}.",
                    tries=_TRIES,
                    fault=told_by(fault),
                )
            ) from None
        return answer

    def _tell_retry(self, state: tenacity.RetryCallState) -> None:
        self.count_retry(str(state.outcome.exception() if state.outcome else ""))

    def _patient(
        self,
        method: str,
        path: str,
        decoder: msgspec.json.Decoder[Answer],
        sent: Mapping[str, Any],
    ) -> Answer:
        """Send once, and again after each short wait the network asks for."""
        while True:
            try:
                return self._send(method, path, decoder, sent)
            except SlowDown as slow:
                is_short = slow.after_seconds <= _SHORT_WAIT_SECONDS
                if not is_short or self._short_waits >= _MOST_SHORT_WAITS:
                    raise
                self._short_waits += 1
                self.count_retry("rate limited")
                self.pause(slow.after_seconds)

    def _send(
        self,
        method: str,
        path: str,
        decoder: msgspec.json.Decoder[Answer],
        sent: Mapping[str, Any],
    ) -> Answer:
        status, body, retry_after = self._exchange(method, path, sent)
        if status >= 400:
            raise _judged(status, body, retry_after)
        if status >= 300:
            raise Refused(
                told(
                    "Demo Ads answered with a redirect ({status}), which is not followed.",
                    status=status,
                )
            )
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            raise Refused(
                told("Demo Ads' answer has an unknown shape: {error}.", error=told_by(error))
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            raise _Passing(told("the answer was cut off or is not JSON")) from None

    def _exchange(
        self, method: str, path: str, sent: Mapping[str, Any]
    ) -> tuple[int, bytes, str | None]:
        headers = {"Authorization": f"Bearer {self._token}"} if self._token else {}
        url = self._access.base_url.rstrip("/") + path
        try:
            response = self._access.http.request(method, url, headers=headers, stream=True, **sent)
            body = _whole_body(response)
        except OutboundRefused as error:
            raise Refused(told_by(error)) from None
        except urllib3.exceptions.HTTPError as error:
            raise _Passing(
                told("the connection broke ({kind})", kind=type(error).__name__)
            ) from None
        if len(body) > _MOST_BODY_BYTES:
            response.close()
            raise Refused(told("Demo Ads' answer is larger than 64 MB."))
        response.release_conn()
        return response.status, body, response.headers.get("Retry-After")


def _whole_body(response: urllib3.BaseHTTPResponse) -> bytes:
    """Read a body, but not far beyond `_MOST_BODY_BYTES`.

    Reading all at once spares two copies, and is safe where the length is told and nothing expands.
    """
    promised = response.headers.get("Content-Length") or ""
    is_plain = not response.headers.get("Content-Encoding")
    if is_plain and promised.isascii() and promised.isdigit() and int(promised) <= _MOST_BODY_BYTES:
        return response.read()
    return response.read(_MOST_BODY_BYTES + 1, decode_content=True)


def _judged(status: int, body: bytes, retry_after: str | None) -> Exception:
    """Say what an error answer means."""
    try:
        said = _ERROR.decode(body).error
    except (msgspec.DecodeError, UnicodeDecodeError):
        said = ErrorBody(message=f"status {status}")
    message = said.message[:_SHOWN_CHARACTERS]
    if status == 401:
        return Reauthorize(
            told("Demo Ads refuses the authorization: {message} Reconnect it.", message=message)
        )
    if status == 429:
        seconds = retry_after_seconds(retry_after)
        return SlowDown(
            told("Demo Ads limits requests; going on in {seconds} s.", seconds=f"{seconds:.0f}"),
            seconds,
            Pauses.ACCOUNT,
        )
    if said.code in _SPECIAL:
        return _SPECIAL[said.code](told("Demo Ads refuses the request: {message}", message=message))
    if status >= 500 or status == 408:
        return _Passing(told("status {status}", status=status))
    return Refused(told("Demo Ads refuses the request: {message}", message=message))
