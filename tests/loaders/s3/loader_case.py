"""The contract suite's case for s3: a bucket of its own on an S3 emulator, read with boto3."""

import atexit
import uuid
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from functools import cache
from pathlib import Path
from typing import Any

import boto3
import pytest
from moto.server import ThreadedMotoServer

from contract.loader_cases import Broken, LoaderCase
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Refused, TryLater
from headrace.loaders.contract import Access, TargetTable
from loaders.files.folder_reader import rows_of, tables_files

SECRET = "wJalrXUtnFEMI/K7MDENG/bPxRfiCYSECRETKEY"  # of AWS's own documentation
LOOPBACK = OutboundPolicy(frozenset({"127.0.0.1"}))


@cache
def emulator() -> str:
    """The address of an S3 emulator that runs until the tests end."""
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0, verbose=False)
    server.start()
    atexit.register(server.stop)
    host, port = server.get_host_and_port()
    return f"http://{host}:{port}"


def client() -> Any:
    """A client of the emulator that is not ours."""
    return boto3.client(
        "s3",
        endpoint_url=emulator(),
        region_name="us-east-1",
        aws_access_key_id="AKIATEST",
        aws_secret_access_key=SECRET,
    )


def params_for(bucket: str, **params: Any) -> dict[str, Any]:
    """Connection parameters for a bucket on the emulator."""
    return {
        "aws_access_key_id": "AKIATEST",
        "aws_secret_access_key": SECRET,
        "bucket_name": bucket,
        "endpoint_url": emulator(),
        "file_format": "parquet",
        **params,
    }


def new_bucket() -> str:
    """Make an empty bucket."""
    bucket = f"test-{uuid.uuid4().hex}"
    client().create_bucket(Bucket=bucket)
    return bucket


def keys_in(bucket: str) -> list[str]:
    """Every object of a bucket, and every upload that is not finished."""
    found = client().list_objects_v2(Bucket=bucket).get("Contents", [])
    unfinished = client().list_multipart_uploads(Bucket=bucket).get("Uploads", [])
    return [one["Key"] for one in found] + [f"unfinished {one['Key']}" for one in unfinished]


def content(bucket: str, key: str) -> bytes:
    """An object's bytes."""
    body: bytes = client().get_object(Bucket=bucket, Key=key)["Body"].read()
    return body


@contextmanager
def open_case(_request: pytest.FixtureRequest, _folder: Path) -> Iterator[LoaderCase]:
    """Offer a new bucket and a prefix in it."""
    bucket = new_bucket()
    params = params_for(bucket, folder="some prefix/ads")

    def leftovers(tables: Sequence[TargetTable]) -> list[str]:
        keys = keys_in(bucket)
        return sorted(set(keys) - {key for table in tables for key in tables_files(table, keys)})

    def broken(title: str, outcome: type, *says: str, **changed: Any) -> Broken:
        return Broken(title, Access(params | changed, LOOPBACK), outcome, says)

    yield LoaderCase(
        access=Access(params, LOOPBACK),
        rows=lambda table: rows_of("parquet", table, keys_in(bucket), lambda k: content(bucket, k)),
        leftovers=leftovers,
        broken=[
            broken("no bucket", Refused, "there is no bucket", bucket_name="no-such-bucket-here"),
            broken("closed port", TryLater, "127.0.0.1:9", endpoint_url="http://127.0.0.1:9"),
            Broken("private host", Access(params, OutboundPolicy()), Refused, ("PRIVATE_HOSTS",)),
        ],
        secrets=(SECRET,),
    )
