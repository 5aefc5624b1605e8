"""One connection's calls to the Graph API: signed, paced by the usage headers, retried, judged."""

import hashlib
import hmac
from collections.abc import Callable, Iterator, Mapping
from contextlib import contextmanager
from dataclasses import replace
from typing import Any, TypeVar

import msgspec
import tenacity
import urllib3

from headrace.connectors.contract import Access
from headrace.connectors.sources.facebook.errors import (
    MISSING_OBJECT,
    TRANSIENT_TRIES,
    Fault,
    Verdict,
    classify,
    exhausted,
    outcome,
    without_tokens,
)
from headrace.connectors.sources.facebook.usage import Usage, pause_seconds, read_usage
from headrace.connectors.sources.facebook.version import API_VERSION
from headrace.kit.outbound import OutboundRefused
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater
from headrace.kit.told import Told, told, told_by, with_texts

Answer = TypeVar("Answer")

MAX_BODY_BYTES = 64 * 1024 * 1024
"""A larger answer is treated as "too much data" and asked for in smaller pieces."""


class TooMuchData(Exception):
    """The question must be made smaller; `verdict` says how Meta put it."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


class NotAllowed(Exception):
    """Meta does not let these credentials see something; `is_missing` if it may not be there."""

    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.is_missing = verdict.code == 100 and verdict.subcode == MISSING_OBJECT


@contextmanager
def plain_outcomes() -> Iterator[None]:
    """Turn what only this connector knows how to meet into the outcomes everybody knows."""
    try:
        yield
    except NotAllowed as error:
        raise Refused(told_by(error)) from None
    except TooMuchData as error:
        raise TryLater(told_by(error)) from None


class _BadAnswer(Exception):
    def __init__(self, verdict: Verdict) -> None:
        super().__init__(verdict.message)
        self.verdict = verdict


def proof_of(access_token: str, app_secret: str) -> str:
    """Return the `appsecret_proof` of a token: it shows that the caller knows the app's secret."""
    return hmac.new(app_secret.encode(), access_token.encode(), hashlib.sha256).hexdigest()


def signed(credentials: Mapping[str, Any]) -> dict[str, str]:
    """Return the parameters that authorise a call.

    Raises:
        Reauthorize: if the connection holds no access token.
    """
    token = str(credentials.get("access_token") or "")
    if not token:
        raise Reauthorize(told("This connection holds no access token. Reconnect it."))
    secret = str(credentials.get("app_secret") or "")
    proof = {"appsecret_proof": proof_of(token, secret)} if secret else {}
    return {"access_token": token, **proof}


class Graph:
    """Calls for one connection, one after the other; not to be shared between threads.

    pause: waits some seconds; count_retry: told why a request is sent again. A caller that cannot
    wait passes a pause that does nothing: then the retries follow each other at once.
    """

    def __init__(
        self,
        access: Access,
        pause: Callable[[float], None] = lambda _seconds: None,
        count_retry: Callable[[str], None] = lambda _reason: None,
    ) -> None:
        self._access = access
        self._pause = pause
        self.count_retry = count_retry
        self._authorisation = signed(access.credentials)
        self._root = f"{access.base_url.rstrip('/')}/{API_VERSION}"
        self._usage = Usage()
        self._secrets = [
            text
            for name in ("access_token", "app_secret")
            if (text := str(access.credentials.get(name) or ""))
        ]

    def get(
        self, path: str, parameters: Mapping[str, str], decoder: msgspec.json.Decoder[Answer]
    ) -> Answer:
        """Read an object or an edge.

        Raises:
            TooMuchData: if the question must be made smaller.
            NotAllowed: if these credentials may not see it.
            Reauthorize, SlowDown, TryLater, Refused: see `errors`.
        """
        return self._call("GET", path, parameters, decoder)

    def post(
        self, path: str, parameters: Mapping[str, str], decoder: msgspec.json.Decoder[Answer]
    ) -> Answer:
        """Create something; raises as `get` does."""
        return self._call("POST", path, parameters, decoder)

    def delete(self, path: str, decoder: msgspec.json.Decoder[Answer]) -> Answer:
        """Delete something; raises as `get` does."""
        return self._call("DELETE", path, {}, decoder)

    def _call(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        decoder: msgspec.json.Decoder[Answer],
    ) -> Answer:
        retrying = tenacity.Retrying(
            retry=tenacity.retry_if_exception(_is_passing),
            stop=_out_of_tries,
            wait=tenacity.wait_exponential(multiplier=2, max=16) + tenacity.wait_random(0, 1),
            sleep=self._pause,
            before_sleep=self._tell_retry,
            reraise=True,
        )
        try:
            answer: Answer = retrying(self._send, method, path, parameters, decoder)
        except _BadAnswer as bad:
            verdict = exhausted(bad.verdict)
        else:
            return answer
        if verdict.fault is Fault.TOO_BIG:
            raise TooMuchData(verdict)
        if verdict.fault is Fault.PERMISSION:
            raise NotAllowed(verdict)
        raise outcome(verdict)

    def _tell_retry(self, state: tenacity.RetryCallState) -> None:
        failure = state.outcome.exception() if state.outcome else None
        self.count_retry(str(failure))

    def _send(
        self,
        method: str,
        path: str,
        parameters: Mapping[str, str],
        decoder: msgspec.json.Decoder[Answer],
    ) -> Answer:
        self._hold_back()
        everything = {**parameters, **self._authorisation}
        status, body, headers = self._exchange(method, f"{self._root}/{path}", everything)
        self._usage = read_usage(headers)
        if status != 200 or b'"error"' in body[:200]:
            verdict = classify(status, body, headers)
            if verdict:
                raise _BadAnswer(self._hidden(verdict))
        try:
            return decoder.decode(body)
        except msgspec.ValidationError as error:
            raise Refused(
                told(
                    "Meta's answer has a shape this connector does not know: {error}.",
                    error=told_by(error),
                )
            ) from None
        except (msgspec.DecodeError, UnicodeDecodeError):
            verdict = classify(status, body, headers) or _broken(
                told("the answer could not be read")
            )
            raise _BadAnswer(self._hidden(verdict)) from None

    def _exchange(
        self, method: str, url: str, parameters: Mapping[str, str]
    ) -> tuple[int, bytes, Mapping[str, str]]:
        """Send and read one answer; errors of the transport name the address, so they are replaced."""
        try:
            response = self._access.http.request(
                method,
                url,
                query=parameters if method != "POST" else None,
                form=parameters if method == "POST" else None,
                headers={"Accept-Encoding": "gzip"},
                stream=True,
            )
            body = response.read(MAX_BODY_BYTES + 1, decode_content=True)
        except OutboundRefused as error:
            raise Refused(told_by(error)) from None
        except urllib3.exceptions.HTTPError as error:
            broke = told("the connection broke ({kind})", kind=type(error).__name__)
            raise _BadAnswer(_broken(broke)) from None
        if len(body) > MAX_BODY_BYTES:
            response.close()
            raise _BadAnswer(Verdict(Fault.TOO_BIG, told("Meta's answer is larger than 64 MB.")))
        response.release_conn()
        return response.status, body, response.headers

    def _hold_back(self) -> None:
        """Wait a little when a limit is nearly used up; give up when it is, until it is free."""
        if self._usage.regain_seconds > 0:
            raise SlowDown(
                told("Meta's rate limit for this ad account or app is used up."),
                self._usage.regain_seconds,
                self._usage.pauses,
            )
        seconds = pause_seconds(self._usage)
        if seconds:
            self._pause(seconds)

    def _hidden(self, verdict: Verdict) -> Verdict:
        return replace(verdict, message=with_texts(verdict.message, self._without_secrets))

    def _without_secrets(self, text: str) -> str:
        for secret in self._secrets:
            text = text.replace(secret, "***")
        return without_tokens(text)


def _broken(what: Told) -> Verdict:
    message = told("Meta could not be read: {what}.", what=what)
    return Verdict(Fault.TRANSIENT, message, tries=TRANSIENT_TRIES)


def _is_passing(error: BaseException) -> bool:
    return isinstance(error, _BadAnswer) and error.verdict.fault is Fault.TRANSIENT


def _out_of_tries(state: tenacity.RetryCallState) -> bool:
    failure = state.outcome.exception() if state.outcome else None
    return isinstance(failure, _BadAnswer) and state.attempt_number >= failure.verdict.tries
