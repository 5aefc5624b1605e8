"""AWS Signature Version 4, as pure functions.

Source: docs.aws.amazon.com, "Signature Version 4 for API requests" and, for the first example
tested, "Authenticating Requests: Using the Authorization Header (S3)".
"""

import hashlib
import hmac
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from datetime import UTC, datetime
from urllib.parse import quote


@dataclass(frozen=True)
class Keys:
    """What requests are signed with; its text form holds no secret.

    expires_at: None for keys that last.
    """

    access_key_id: str
    secret_access_key: str = field(repr=False)
    session_token: str | None = field(default=None, repr=False)
    expires_at: datetime | None = None


@dataclass(frozen=True)
class Scope:
    """The service and region a signature is for."""

    region: str
    service: str


def encoded_path(path: str) -> str:
    """Percent-encode a path as S3 signs it: everything but unreserved characters and slashes."""
    return quote(path, safe="/-_.~")


def encoded_query(query: Iterable[tuple[str, str]]) -> str:
    """Percent-encode and sort a query as it is signed, and as it must be sent."""
    pairs = sorted((quote(name, safe="-_.~"), quote(value, safe="-_.~")) for name, value in query)
    return "&".join(f"{name}={value}" for name, value in pairs)


def signed_headers(
    method: str,
    host: str,
    path: str,
    query: str,
    headers: Mapping[str, str],
    body_sha256: str,
    keys: Keys,
    scope: Scope,
    moment: datetime,
) -> dict[str, str]:
    """Return the headers of a request together with its signature.

    path, query: encoded. headers: names in lower case.
    """
    stamp = moment.astimezone(UTC).strftime("%Y%m%dT%H%M%SZ")
    every = {**headers, "host": host, "x-amz-content-sha256": body_sha256, "x-amz-date": stamp}
    if keys.session_token:
        every["x-amz-security-token"] = keys.session_token
    names = ";".join(sorted(every))
    lines = "".join(f"{name}:{every[name].strip()}\n" for name in sorted(every))
    request = "\n".join((method, path, query, lines, names, body_sha256))
    ground = f"{stamp[:8]}/{scope.region}/{scope.service}/aws4_request"
    digest = hashlib.sha256(request.encode()).hexdigest()
    signature = _signature(keys, stamp, scope, f"AWS4-HMAC-SHA256\n{stamp}\n{ground}\n{digest}")
    every["authorization"] = (
        f"AWS4-HMAC-SHA256 Credential={keys.access_key_id}/{ground}, "
        f"SignedHeaders={names}, Signature={signature}"
    )
    return every


def _signature(keys: Keys, stamp: str, scope: Scope, text: str) -> str:
    key = f"AWS4{keys.secret_access_key}".encode()
    for part in (stamp[:8], scope.region, scope.service, "aws4_request"):
        key = hmac.digest(key, part.encode(), "sha256")
    return hmac.digest(key, text.encode(), "sha256").hex()
