"""Signatures for S3 requests: AWS Signature Version 4, for GET without a body.

Written from the vendor's description, "Authenticating Requests: Using the Authorization Header"
(docs.aws.amazon.com/AmazonS3/latest/API/sig-v4-header-based-auth.html), whose examples are tests.
"""

import hashlib
import hmac
from collections.abc import Mapping
from dataclasses import dataclass
from datetime import datetime
from urllib.parse import quote

_ALGORITHM = "AWS4-HMAC-SHA256"
_EMPTY_SHA256 = hashlib.sha256(b"").hexdigest()


@dataclass(frozen=True)
class S3Keys:
    """An access key; `session_token` belongs to temporary ones."""

    access_key_id: str
    secret_access_key: str
    session_token: str | None = None

    def __repr__(self) -> str:
        return "S3Keys(…)"


def encoded_path(path: str) -> str:
    """Encode a path as S3 signs it: everything but letters, digits, `-._~` and `/`."""
    return quote(path, safe="/-._~")


def encoded_query(query: Mapping[str, str]) -> str:
    """Encode a query as S3 signs it, sorted by name."""
    return "&".join(
        f"{quote(name, safe='-._~')}={quote(value, safe='-._~')}"
        for name, value in sorted(query.items())
    )


def signed_headers(
    *,
    host: str,
    path: str,
    query: str,
    region: str,
    keys: S3Keys,
    moment: datetime,
    extra: Mapping[str, str] | None = None,
) -> dict[str, str]:
    """Return the headers that make a GET of an encoded path and query valid for 15 minutes.

    `moment` is now, in UTC; `extra` are further headers to send and sign, such as Range.
    """
    stamp = moment.strftime("%Y%m%dT%H%M%SZ")
    headers = {"x-amz-content-sha256": _EMPTY_SHA256, "x-amz-date": stamp, **(extra or {})}
    if keys.session_token:
        headers["x-amz-security-token"] = keys.session_token
    signed = {"host": host, **{name.lower(): value for name, value in headers.items()}}
    names = ";".join(sorted(signed))
    canonical = "\n".join(
        [
            "GET",
            path,
            query,
            *(f"{name}:{signed[name].strip()}" for name in sorted(signed)),
            "",
            names,
            _EMPTY_SHA256,
        ]
    )
    scope = f"{stamp[:8]}/{region}/s3/aws4_request"
    digest = hashlib.sha256(canonical.encode()).hexdigest()
    signature = _hmac(
        _signing_key(keys.secret_access_key, stamp[:8], region),
        f"{_ALGORITHM}\n{stamp}\n{scope}\n{digest}",
    ).hex()
    headers["Authorization"] = (
        f"{_ALGORITHM} Credential={keys.access_key_id}/{scope},"
        f"SignedHeaders={names},Signature={signature}"
    )
    return headers


def _signing_key(secret: str, day: str, region: str) -> bytes:
    key = _hmac(f"AWS4{secret}".encode(), day)
    for part in (region, "s3", "aws4_request"):
        key = _hmac(key, part)
    return key


def _hmac(key: bytes, text: str) -> bytes:
    return hmac.new(key, text.encode(), hashlib.sha256).digest()
