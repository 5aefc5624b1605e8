"""Signed requests to S3 and STS through the outbound guard, and what their refusals mean.

Why not the S3 client of Arrow: it cannot ask for encryption; it publishes a half-written object
when a write fails and its stream is closed; and it resolves host names itself, so that the address
that was vetted need not be the one connected to.
"""

import hashlib
from collections.abc import Iterable, Mapping
from dataclasses import dataclass
from datetime import datetime, timedelta
from threading import Lock
from urllib.parse import urlencode, urlsplit
from xml.etree import ElementTree as ET

import urllib3
from tenacity import Retrying, retry_if_exception_type, stop_after_attempt, wait_random_exponential

from headrace.kit import clock
from headrace.kit.outbound import HostUnknown, OutboundHttp, OutboundPolicy, OutboundRefused
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, SlowDown, TryLater
from headrace.kit.told import Told, told, told_by
from headrace.loaders.targets.s3.settings import S3Settings
from headrace.loaders.targets.s3.signing import (
    Keys,
    Scope,
    encoded_path,
    encoded_query,
    signed_headers,
)

_ATTEMPTS = 4
# Above any answer asked for: a listing of 1,000 long keys, or one range of an object.
_MOST_ANSWER_BYTES = 24 << 20
_ROLE_SECONDS = 3600
_RENEW_BEFORE = timedelta(minutes=5)

_TOO_MANY = {429, 503}
_PASSING = {408, 500, 502, 504} | _TOO_MANY
_PASSING_CODES = {"InternalError", "RequestTimeout", "Throttling", "RequestLimitExceeded"}
_BAD_KEYS = {
    "InvalidAccessKeyId", "SignatureDoesNotMatch", "InvalidClientTokenId", "InvalidToken",
    "ExpiredToken", "AuthFailure", "TokenRefreshRequired",
}  # fmt: skip
_WRONG_REGION = {
    "AuthorizationHeaderMalformed", "PermanentRedirect", "TemporaryRedirect",
    "IllegalLocationConstraintException",
}  # fmt: skip


class NotThere(Exception):
    """The object asked for does not exist."""


class _Transient(Exception):
    """Worth asking again at once.

    status: of the answer, 0 if there was none.
    """

    def __init__(self, what: Told, status: int = 0) -> None:
        super().__init__(what)
        self.status = status


@dataclass(frozen=True)
class Answer:
    """A successful answer; header names in lower case."""

    status: int
    headers: Mapping[str, str]
    body: bytes


class S3Requests:
    """Sends requests about one bucket. Safe to share between threads."""

    def __init__(self, settings: S3Settings, policy: OutboundPolicy) -> None:
        self._settings = settings
        self._http = OutboundHttp(policy, read_seconds=60.0)
        self._role_keys: Keys | None = None
        self._lock = Lock()

    def send(
        self,
        action: str,
        method: str,
        key: str = "",
        query: Iterable[tuple[str, str]] = (),
        headers: Mapping[str, str] | None = None,
        body: bytes = b"",
    ) -> Answer:
        """Send a request, again where the fault passes.

        action: the permission it needs, such as `s3:PutObject`, for the message.

        Raises:
            NotThere: if the object (not the bucket) is missing.
            Refused, Reauthorize, SlowDown, TryLater: for everything else that is no success.
        """
        path = encoded_path(self._settings.path_prefix + key)
        scope = Scope(self._settings.region, "s3")
        answer = self._repeatedly(
            method,
            self._settings.origin,
            path,
            encoded_query(query),
            headers or {},
            body,
            self._keys(),
            scope,
        )
        code = _code_of(answer)
        if answer.status < 300 and not code:
            return answer
        if answer.status == 404 and code in {"NoSuchKey", "NoSuchUpload", ""}:
            raise NotThere(key)
        raise self._outcome(answer, code, action)

    def _keys(self) -> Keys:
        role = self._settings.role_arn
        if role is None:
            return self._settings.keys
        with self._lock:
            held = self._role_keys
            if not held or not held.expires_at or held.expires_at - _RENEW_BEFORE < clock.now():
                self._role_keys = held = self._assume(role)
            return held

    def _assume(self, role: str) -> Keys:
        form = {
            "Action": "AssumeRole",
            "Version": "2011-06-15",
            "RoleArn": role,
            "RoleSessionName": "headrace",
            "DurationSeconds": str(_ROLE_SECONDS),
        }
        answer = self._repeatedly(
            "POST",
            self._settings.sts_origin,
            "/",
            "",
            {"content-type": "application/x-www-form-urlencoded"},
            urlencode(form).encode(),
            self._settings.keys,
            Scope(self._settings.region, "sts"),
        )
        found = _texts(answer.body)
        if answer.status >= 300 or "SessionToken" not in found:
            raise self._outcome(answer, _code_of(answer), f"sts:AssumeRole on {role}")
        return Keys(
            found["AccessKeyId"],
            found["SecretAccessKey"],
            found["SessionToken"],
            datetime.fromisoformat(found["Expiration"]),
        )

    def _repeatedly(
        self,
        method: str,
        origin: str,
        path: str,
        query: str,
        headers: Mapping[str, str],
        body: bytes,
        keys: Keys,
        scope: Scope,
    ) -> Answer:
        host = urlsplit(origin).netloc
        body_sha256 = hashlib.sha256(body).hexdigest()
        url = origin + path + (f"?{query}" if query else "")

        def once() -> Answer:
            signed = signed_headers(
                method, host, path, query, headers, body_sha256, keys, scope, clock.now()
            )
            return self._once(method, url, signed, body)

        again = Retrying(
            retry=retry_if_exception_type(_Transient),
            stop=stop_after_attempt(_ATTEMPTS),
            wait=wait_random_exponential(multiplier=0.2, max=5),
            reraise=True,
        )
        try:
            return again(once)
        except _Transient as fault:
            if fault.status in _TOO_MANY:
                raise SlowDown(
                    told("{host} asks for fewer requests.", host=host),
                    30.0,
                ) from fault
            raise TryLater(
                told(
                    "{host} gave no usable answer: {fault}. If it stays so, mend endpoint_url, "
                    "region or the network.",
                    host=host,
                    fault=told_by(fault),
                )
            ) from fault

    def _once(self, method: str, url: str, headers: Mapping[str, str], body: bytes) -> Answer:
        host = urlsplit(url).netloc
        try:
            response = self._http.request(
                method, url, headers=headers, content=body or None, stream=True
            )
            try:
                content = response.read(_MOST_ANSWER_BYTES, decode_content=False)
            finally:
                response.close() if response.length_remaining else response.release_conn()
        except OutboundRefused as error:
            raise Refused(told_by(error)) from error
        except urllib3.exceptions.SSLError as error:  # S80
            raise Refused(
                told(
                    "{host} does not prove to be who it says: its TLS certificate was not accepted.",
                    host=host,
                )
            ) from error
        except (urllib3.exceptions.HTTPError, OSError, HostUnknown) as error:
            raise _Transient(_fault_of(error)) from None
        found = {name.lower(): value for name, value in response.headers.items()}
        answer = Answer(response.status, found, content)
        code = _code_of(answer)
        if response.status in _PASSING or code in _PASSING_CODES:
            raise _Transient(
                told("status {status}", status=f"{response.status} {code}".strip()), response.status
            )
        return answer

    def _outcome(self, answer: Answer, code: str, action: str) -> OutsideError:
        bucket = self._settings.bucket
        if code == "NoSuchBucket":
            return Refused(
                told(
                    "There is no bucket {bucket}: create it, or mend bucket_name or region.",
                    bucket=bucket,
                )
            )
        if code in _BAD_KEYS:
            return Reauthorize(
                told("The access key was not accepted ({code}): enter a valid one.", code=code)
            )
        if code in _WRONG_REGION or answer.status in {301, 307}:
            return _elsewhere(bucket, answer)
        if code == "RequestTimeTooSkewed":
            return Refused(told("The clock of this server is wrong by minutes: set it."))
        if answer.status in {409, 412}:
            return TryLater(
                told("An object in {bucket} was changed by someone else meanwhile.", bucket=bucket)
            )
        if answer.status in {401, 403}:
            return Refused(
                told(
                    "The key may not do {action} at bucket {bucket} ({code}): grant it that "
                    "permission, or use another key.",
                    action=action,
                    bucket=bucket,
                    code=code or answer.status,
                )
            )
        return Refused(
            told(
                "The bucket {bucket} refused {action}: {code}.",
                bucket=bucket,
                action=action,
                code=code or answer.status,
            )
        )


def _elsewhere(bucket: str, answer: Answer) -> Refused:
    region = answer.headers.get("x-amz-bucket-region") or _texts(answer.body).get("Region")
    where = (
        told("set region to {region}", region=region)
        if region
        else told("mend region or endpoint_url")
    )
    return Refused(
        told("The bucket {bucket} is in another region: {where}.", bucket=bucket, where=where)
    )


def texts_of_each(body: bytes, element: str) -> list[dict[str, str]]:
    """Return, for each element of a name, the texts of its direct children by their names."""
    root = _parsed(body)
    if root is None:
        return []
    return [
        {_bare(child.tag): child.text or "" for child in found}
        for found in root.iter()
        if _bare(found.tag) == element
    ]


def text_of(body: bytes, element: str) -> str:
    """Return the text of the first element of a name, or nothing."""
    return _texts(body).get(element, "")


def _texts(body: bytes) -> dict[str, str]:
    root = _parsed(body)
    if root is None:
        return {}
    return {_bare(one.tag): (one.text or "").strip() for one in reversed(list(root.iter()))}


def _fault_of(error: Exception) -> Told:
    if isinstance(error, urllib3.exceptions.NewConnectionError | HostUnknown):
        return told("no connection could be made")
    if isinstance(error, urllib3.exceptions.TimeoutError):
        return told("it took too long")
    return told("the connection broke")


def _parsed(body: bytes) -> ET.Element | None:
    # Entities cannot be used against us: the expat of every supported Python limits them.
    if b"<!DOCTYPE" in body[:1024] or not body.lstrip().startswith(b"<"):
        return None
    try:
        return ET.fromstring(body)  # noqa: S314
    except ET.ParseError:
        return None


def _bare(tag: str) -> str:
    return tag.rpartition("}")[2]


def _code_of(answer: Answer) -> str:
    """Return the error code; some operations report an error under status 200."""
    if answer.status < 300 and b"<Error>" not in answer.body[:512]:
        return ""
    root = _parsed(answer.body)
    if root is None or (answer.status < 300 and _bare(root.tag) != "Error"):
        return ""
    code = _texts(answer.body).get("Code", "")
    return code if code.isascii() and code.isalnum() and len(code) < 60 else ""
