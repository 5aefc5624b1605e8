"""Objects of one S3 bucket, read over the guarded HTTP client.

An S3 library would open sockets that the guard does not see, follow redirects, read proxy
variables and, without keys, ask the machine's own metadata service for the operator's. So the two
calls needed are made here: GET of an object and ListObjectsV2.
"""

import re
import xml.etree.ElementTree as ET
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import PurePosixPath
from typing import Any, BinaryIO

import urllib3

from headrace.connectors.contract import Access, Account
from headrace.connectors.sources.file_import import globbing, spool
from headrace.connectors.sources.file_import.http_answers import body_chunks, get, slow_down
from headrace.connectors.sources.file_import.https_file import vetted_url
from headrace.connectors.sources.file_import.s3_signing import (
    S3Keys,
    encoded_path,
    encoded_query,
    signed_headers,
)
from headrace.connectors.sources.file_import.settings import FileSettings
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, TryLater
from headrace.kit.told import Told, told

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.\-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_MAX_ANSWER_BYTES = 8_000_000
_WRONG_KEYS = {"InvalidAccessKeyId", "SignatureDoesNotMatch", "ExpiredToken", "InvalidToken"}


@dataclass(frozen=True)
class _Object:
    key: str
    size_bytes: int


class S3Files:
    """The objects an `s3://bucket/key` address names; an account is an object's key."""

    def __init__(self, access: Access, settings: FileSettings) -> None:
        self._access = access
        self._bucket, self._wanted = _bucket_and_key(settings.url)
        self._pattern = globbing.matcher(self._wanted)
        self._region = settings.region
        if not _REGION.fullmatch(self._region):
            raise Refused(
                told(
                    "The setting region is {region!r}, which is not a region's name.",
                    region=self._region,
                )
            )
        self._base, self._host, self._path = self._address(settings.endpoint_url)
        self._keys = _keys(access.credentials)
        self._place = f"The bucket {self._bucket}"

    def check(self) -> None:
        """Prove that at least one object is there and may be read."""
        first = next(self.accounts(), None)
        if first is None:
            raise Refused(
                told(
                    "{place} has no object that matches {wanted!r}.",
                    place=self._place,
                    wanted=self._wanted,
                )
            )
        response = self._object(first.remote_id, {"Range": "bytes=0-0"})
        response.close()

    def accounts(self) -> Iterator[Account]:
        """Yield one account for each matching object, in the order of their keys."""
        if not globbing.is_pattern(self._wanted):
            yield self._account(self._wanted)
            return
        for found in self._list(globbing.literal_prefix(self._wanted)):
            if self._pattern.fullmatch(found.key) and not found.key.endswith("/"):
                yield self._account(found.key, size_bytes=found.size_bytes)

    @contextmanager
    def open(self, remote_id: str) -> Iterator[BinaryIO]:
        """Fetch an object into a temporary file.

        Raises:
            Refused, Reauthorize, SlowDown, TryLater: as the service answers.
        """
        if remote_id != self._wanted and not self._pattern.fullmatch(remote_id):
            raise Refused(
                told(
                    "{remote_id!r} does not match the address of this connection.",
                    remote_id=remote_id,
                )
            )
        with spool.temporary_file() as local:
            response = self._object(remote_id)
            try:
                spool.fill(local, body_chunks(response, self._place))
            finally:
                response.close()
            yield local

    def _account(self, key: str, **item: Any) -> Account:
        return Account(
            remote_id=key,
            title=PurePosixPath(key).name,
            item={"bucket": self._bucket, "key": key, **item},
        )

    def _address(self, endpoint: str | None) -> tuple[str, str, str]:
        """Return the base URL, the Host header and the path before keys, for this bucket."""
        if endpoint is not None:
            host, path = vetted_url(endpoint, self._access.policy)
            path = path.rstrip("/") + f"/{self._bucket}"
            return f"{endpoint.partition('://')[0]}://{host}", host, path
        suffix = "amazonaws.com.cn" if self._region.startswith("cn-") else "amazonaws.com"
        host = f"s3.{self._region}.{suffix}"
        if "." in self._bucket:  # the service's certificate covers one label only
            return f"https://{host}", host, f"/{self._bucket}"
        host = f"{self._bucket}.{host}"
        return f"https://{host}", host, ""

    def _send(
        self, path: str, query: Mapping[str, str], extra: Mapping[str, str] | None = None
    ) -> urllib3.BaseHTTPResponse:
        target, search = encoded_path(self._path + path), encoded_query(query)
        headers = dict(extra or {})
        if self._keys is not None:
            headers = signed_headers(
                host=self._host,
                path=target,
                query=search,
                region=self._region,
                keys=self._keys,
                moment=clock.now(),
                extra=extra,
            )
        url = self._base + target + (f"?{search}" if search else "")
        return get(self._access.http, url, self._place, headers)

    def _object(self, key: str, extra: Mapping[str, str] | None = None) -> urllib3.BaseHTTPResponse:
        _check_key(key)
        response = self._send(f"/{key}", {}, extra)
        # An empty object has no first byte to give: 416 still proves that it may be read.
        if response.status in {200, 206} or (extra and response.status == 416):
            return response
        raise self._fault(response, told("object {key!r}", key=key))

    def _list(self, prefix: str) -> Iterator[_Object]:
        query = {"list-type": "2", "prefix": prefix, "max-keys": "1000"}
        seen: set[str] = set()
        while True:
            response = self._send("/" if not self._path else "", query)
            if response.status != 200:
                raise self._fault(response, told("listing"))
            objects, token = _parse_listing(self._body(response), self._place)
            yield from objects
            if token is None:
                return
            if token in seen:
                raise TryLater(told("{place} repeats a page of its listing.", place=self._place))
            seen.add(token)
            query["continuation-token"] = token

    def _body(self, response: urllib3.BaseHTTPResponse) -> bytes:
        body = b""
        try:
            for chunk in body_chunks(response, self._place):
                body += chunk
                if len(body) > _MAX_ANSWER_BYTES:
                    raise Refused(
                        told(
                            "{place} answers with more than a listing can hold.", place=self._place
                        )
                    )
        finally:
            response.close()
        return body

    def _fault(self, response: urllib3.BaseHTTPResponse, what: Told) -> OutsideError:
        status = response.status
        region = response.headers.get("x-amz-bucket-region")
        code = _error_code(self._body(response))
        if status == 429 or code in {"SlowDown", "Throttling"}:
            return slow_down(response, self._place)
        if region and region != self._region:
            return Refused(
                told(
                    "{place} is in region {region}; write that as the region.",
                    place=self._place,
                    region=region,
                )
            )
        if code == "RequestTimeTooSkewed":
            return Refused(told("The clock of this server is wrong, so S3 refuses its requests."))
        if status in {401, 403} or code in _WRONG_KEYS:
            return Reauthorize(
                told(
                    "{place} does not let these keys read: {code}.",
                    place=self._place,
                    code=code or status,
                )
            )
        if status >= 500:
            return TryLater(told("{place} answered {status}.", place=self._place, status=status))
        if status == 404:
            return Refused(
                told("{place} does not exist.", place=self._place)
                if code == "NoSuchBucket"
                else told("{place} has no {what}.", place=self._place, what=what)
            )
        return Refused(
            told(
                "{place} answered {status} {code} for the {what}.",
                place=self._place,
                status=status,
                code=code,
                what=what,
            )
        )


def _bucket_and_key(url: str) -> tuple[str, str]:
    bucket, _, key = url.partition("://")[2].partition("/")
    if not _BUCKET.fullmatch(bucket):
        raise Refused(
            told("{bucket!r} is not a bucket's name; write s3://bucket/key.", bucket=bucket)
        )
    if not key or key.endswith("/"):
        raise Refused(
            told("The address names no object: write s3://bucket/key or s3://bucket/folder/*.")
        )
    _check_key(key)
    return bucket, key


def _check_key(key: str) -> None:
    if any(part in {".", ".."} for part in key.split("/")) or "\0" in key:
        raise Refused(told("An object key must not have parts named . or .."))


def _keys(credentials: Mapping[str, Any]) -> S3Keys | None:
    key_id = credentials.get("aws_access_key_id")
    secret = credentials.get("aws_secret_access_key")
    if not key_id and not secret:
        return None
    if not key_id or not secret:
        raise Reauthorize(
            told("Give both the access key id and the secret access key, or neither.")
        )
    return S3Keys(str(key_id), str(secret), credentials.get("aws_session_token") or None)


def _parse_listing(body: bytes, place: str) -> tuple[list[_Object], str | None]:
    root = _parse_xml(body)
    if root is None:
        raise TryLater(
            told("{place} answered its listing with something that is not one.", place=place)
        )
    objects = [
        _Object(_child(item, "Key"), int(_child(item, "Size") or 0))
        for item in root
        if _local_name(item) == "Contents"
    ]
    return objects, _child(root, "NextContinuationToken") or None


def _error_code(body: bytes) -> str:
    root = _parse_xml(body)
    return "" if root is None else _child(root, "Code")


def _parse_xml(body: bytes) -> ET.Element | None:
    if b"<!DOCTYPE" in body or b"<!ENTITY" in body:  # where XML's expansion attacks begin
        return None
    try:
        return ET.fromstring(body)  # noqa: S314 (no document type, bounded size)
    except ET.ParseError:
        return None


def _child(element: ET.Element, name: str) -> str:
    """The text of the first child of that name, whatever its namespace."""
    found = (child.text for child in element if _local_name(child) == name)
    return next(found, None) or ""


def _local_name(element: ET.Element) -> str:
    return element.tag.rpartition("}")[2]
