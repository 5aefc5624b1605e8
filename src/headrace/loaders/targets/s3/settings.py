"""The connection parameters of s3, as form fields and as checked values."""

import re
from collections.abc import Mapping
from dataclasses import dataclass, field
from typing import Any
from urllib.parse import urlsplit

from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import Param, ParamType
from headrace.loaders.files.options import FILE_PARAMS, choice, text
from headrace.loaders.targets.s3.signing import Keys

ACCESS_KEY, ASSUME_ROLE = "access_key", "assume_role"
NO_ENCRYPTION, SSE_S3, SSE_KMS, CUSTOMER_KMS = "none", "sse_s3", "sse_kms", "customer_managed_kms"

PARAMS = (
    Param(
        "connection_option",
        "Connect with",
        ParamType.SELECT,
        description="An access key alone, or an access key that may assume a role.",
        initial_value=ACCESS_KEY,
        choices=(ACCESS_KEY, ASSUME_ROLE),
    ),
    Param("aws_access_key_id", "Access key id", required=True),
    Param("aws_secret_access_key", "Secret access key", required=True, secret=True),
    Param("assume_role_arn", "ARN of the role", description="Needed to assume a role."),
    Param(
        "region",
        "Region",
        description="Such as eu-central-1; services other than AWS mostly take us-east-1.",
        initial_value="us-east-1",
    ),
    Param("bucket_name", "Bucket", required=True, description="3 to 63 of a-z, 0-9, - and ."),
    Param(
        "endpoint_url",
        "Endpoint",
        description="Of a service other than AWS, such as https://minio.example.com. Empty: AWS.",
    ),
    *FILE_PARAMS,
    Param(
        "encryption",
        "Encryption",
        ParamType.SELECT,
        description="none leaves it to the bucket, sse_s3 uses keys of S3, sse_kms the KMS key of "
        "AWS for S3, customer_managed_kms the KMS key below.",
        initial_value=NO_ENCRYPTION,
        choices=(NO_ENCRYPTION, SSE_S3, SSE_KMS, CUSTOMER_KMS),
    ),
    Param("encryption_key", "KMS key", description="Id or ARN of your own KMS key."),
)

_BUCKET = re.compile(r"[a-z0-9][a-z0-9.-]{1,61}[a-z0-9]")
_REGION = re.compile(r"[a-z0-9-]{1,40}")
_ROLE = re.compile(r"arn:[a-z0-9-]+:iam::[\w-]*:role/[\w+=,.@/-]{1,512}")
_KMS_KEY = re.compile(r"[\w:/-]{1,256}")


@dataclass(frozen=True)
class S3Settings:
    """Where the bucket is and how it is spoken to.

    origin: scheme, host and port; path_prefix: what comes before every key (`/bucket/` or `/`).
    headers: what every new object is sent with. sts_origin: where a role is assumed.
    """

    bucket: str
    region: str
    origin: str
    path_prefix: str
    keys: Keys = field(repr=False)
    role_arn: str | None
    sts_origin: str
    headers: Mapping[str, str]

    @classmethod
    def of(cls, params: Mapping[str, Any]) -> "S3Settings":
        """Read and check connection parameters.

        Raises:
            Refused: naming the parameter that is wrong and what it may be.
        """
        bucket = text(params, "bucket_name")
        if not _BUCKET.fullmatch(bucket) or ".." in bucket:
            raise Refused(
                told(
                    "bucket_name must be 3 to 63 lower-case letters, digits, dashes and single "
                    "dots, beginning and ending with a letter or digit."
                )
            )
        region = text(params, "region", "us-east-1")
        if not _REGION.fullmatch(region):
            raise Refused(told("region must be a name such as eu-central-1."))
        endpoint = _endpoint(text(params, "endpoint_url"))
        origin, path_prefix, sts_origin = _addresses(endpoint, bucket, region)
        option = choice(params, "connection_option", (ACCESS_KEY, ASSUME_ROLE), ACCESS_KEY)
        return cls(
            bucket=bucket,
            region=region,
            origin=origin,
            path_prefix=path_prefix,
            keys=_keys(params),
            role_arn=_role(params) if option == ASSUME_ROLE else None,
            sts_origin=sts_origin,
            headers=_encryption(params),
        )


def _keys(params: Mapping[str, Any]) -> Keys:
    # Never the keys of the server itself: a workspace must not act in its name.
    keys = Keys(text(params, "aws_access_key_id"), text(params, "aws_secret_access_key"))
    for name, value in (
        ("aws_access_key_id", keys.access_key_id),
        ("aws_secret_access_key", keys.secret_access_key),
    ):
        if not value or not value.isascii() or not value.isprintable() or " " in value:
            raise Refused(
                told("{name} is missing or holds a character that no key has.", name=name)
            )
    return keys


def _role(params: Mapping[str, Any]) -> str:
    role = text(params, "assume_role_arn")
    if not _ROLE.fullmatch(role):
        raise Refused(
            told("assume_role_arn must be the ARN of a role: arn:aws:iam::<account>:role/…")
        )
    return role


def _endpoint(url: str) -> str | None:
    if not url:
        return None
    try:
        parts = urlsplit(url)
        has_host = bool(parts.hostname) and (parts.port is None or parts.port > 0)
    except ValueError:
        has_host = False
    fits = has_host and parts.scheme in {"http", "https"} and not parts.username
    if not fits or parts.path.strip("/") or parts.query or parts.fragment:  # S71
        raise Refused(
            told("endpoint_url must be http(s)://host or http(s)://host:port, nothing more.")
        )
    return f"{parts.scheme}://{parts.netloc}"


def _addresses(endpoint: str | None, bucket: str, region: str) -> tuple[str, str, str]:
    if endpoint:
        return endpoint, f"/{bucket}/", endpoint
    domain = "amazonaws.com.cn" if region.startswith("cn-") else "amazonaws.com"
    sts = f"https://sts.{region}.{domain}"
    if "." in bucket:  # the certificate of AWS covers one label before its domain
        return f"https://s3.{region}.{domain}", f"/{bucket}/", sts
    return f"https://{bucket}.s3.{region}.{domain}", "/", sts


def _encryption(params: Mapping[str, Any]) -> dict[str, str]:
    choices = (NO_ENCRYPTION, SSE_S3, SSE_KMS, CUSTOMER_KMS)
    kind = choice(params, "encryption", choices, NO_ENCRYPTION)
    if kind == NO_ENCRYPTION:
        return {}
    if kind == SSE_S3:
        return {"x-amz-server-side-encryption": "AES256"}
    headers = {"x-amz-server-side-encryption": "aws:kms"}
    if kind == CUSTOMER_KMS:
        key = text(params, "encryption_key")
        if not _KMS_KEY.fullmatch(key):
            raise Refused(told("encryption_key must be the id or ARN of your KMS key."))
        headers["x-amz-server-side-encryption-aws-kms-key-id"] = key
    return headers
