"""S3: signatures, whole objects, encryption, roles, and what each refusal says."""

import io
import os
import signal
import subprocess
import sys
import uuid
from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from typing import Any

import boto3
import pyarrow as pa
import pyarrow.parquet as pq
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials

from headrace.kit import clock
from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, SlowDown, TryLater
from headrace.loaders.contract import Access, Full, TargetTable, Window
from headrace.loaders.targets.s3 import LOADER
from headrace.loaders.targets.s3.bucket import Bucket
from headrace.loaders.targets.s3.requests import S3Requests
from headrace.loaders.targets.s3.settings import S3Settings
from headrace.loaders.targets.s3.signing import (
    Keys,
    Scope,
    encoded_path,
    encoded_query,
    signed_headers,
)
from loaders.s3.fault_server import FaultServer, fault_server
from loaders.s3.loader_case import (
    LOOPBACK,
    SECRET,
    client,
    content,
    emulator,
    keys_in,
    new_bucket,
    params_for,
)

COLUMNS = (
    Column("account_id", ColumnType.STRING),
    Column("date", ColumnType.DATE),
    Column("text", ColumnType.STRING),
)
ADS = TargetTable("ads", COLUMNS, date_column="date")
MARCH = DayRange(date(2026, 3, 1), date(2026, 3, 31))
EMPTY_SHA256 = "e3b0c44298fc1c149afbf4c8996fb92427ae41e4649b934ca495991b7852b855"

WRITER = """
import sys, time
sys.path.insert(0, sys.argv[1])
from loaders.s3.test_s3 import *

def batches():
    yield random_rows(40)
    print("writing", flush=True)
    time.sleep(60)

params = {**params_for(sys.argv[2]), "endpoint_url": sys.argv[3]}
list(LOADER.write(Access(params, LOOPBACK), ADS, [Full(batches)]))
"""


def random_rows(megabytes: int, account: str = "a") -> pa.RecordBatch:
    """Rows that do not compress, a megabyte each."""
    values = [
        [account] * megabytes,
        [date(2026, 3, 1)] * megabytes,
        [os.urandom(1 << 19).hex() for _ in range(megabytes)],
    ]
    arrays = [pa.array(v, c.arrow_type) for v, c in zip(values, COLUMNS, strict=True)]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(list(COLUMNS)))


def full(*batches: pa.RecordBatch) -> Full:
    return Full(lambda: iter(batches))


def deliver(params: dict[str, Any], *units: Any) -> None:
    list(LOADER.write(Access(params, LOOPBACK), ADS, units))


@pytest.fixture
def faults() -> Iterator[FaultServer]:
    with fault_server() as server:
        yield server


# --- signatures ---


def test_signature_of_the_documented_example() -> None:
    keys = Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
    headers = signed_headers(
        "GET",
        "examplebucket.s3.amazonaws.com",
        "/test.txt",
        "",
        {"range": "bytes=0-9"},
        EMPTY_SHA256,
        keys,
        Scope("us-east-1", "s3"),
        datetime(2013, 5, 24, tzinfo=UTC),
    )
    assert headers["authorization"].endswith(
        "Signature=f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"
    )


@pytest.mark.parametrize("path", ["/b/a b/ü+%2e(1)*'!~.csv", "/b/x=1/y&z;:@,.csv"])
@pytest.mark.parametrize("query", [[], [("uploads", "")], [("prefix", "a b/+ü~"), ("x", "1=2")]])
@pytest.mark.parametrize("token", [None, "session/token+="])
def test_signature_equals_that_of_botocore(
    path: str, query: list[tuple[str, str]], token: str | None
) -> None:
    moment = datetime.now(UTC)
    sent = encoded_query(query)
    url = f"https://h.example{encoded_path(path)}" + (f"?{sent}" if sent else "")
    theirs = AWSRequest("PUT", url, headers={"X-Amz-Server-Side-Encryption": "AES256"}, data=b"")
    theirs.context["client_config"] = None
    S3SigV4Auth(Credentials("AK", "SK", token), "s3", "eu-west-1").add_auth(theirs)
    stamp = theirs.context["timestamp"]
    moment = datetime.strptime(stamp, "%Y%m%dT%H%M%SZ").replace(tzinfo=UTC)
    ours = signed_headers(
        "PUT",
        "h.example",
        encoded_path(path),
        sent,
        {"x-amz-server-side-encryption": "AES256"},
        theirs.headers["X-Amz-Content-SHA256"],
        Keys("AK", "SK", token),
        Scope("eu-west-1", "s3"),
        moment,
    )
    assert (
        ours["authorization"].split("Signature=")[1]
        == (theirs.headers["Authorization"].split("Signature=")[1])
    )


def test_keys_do_not_show_their_secret() -> None:
    params = {"aws_access_key_id": "A", "aws_secret_access_key": SECRET, "bucket_name": "bbb"}
    assert SECRET not in repr(Keys("A", SECRET, SECRET)) + repr(S3Settings.of(params))


# --- settings ---


@pytest.mark.parametrize(
    ("change", "says"),
    [
        ({"bucket_name": "ab"}, "bucket_name must be 3 to 63"),
        ({"bucket_name": "a" * 64}, "bucket_name"),
        ({"bucket_name": "Under_score"}, "bucket_name"),
        ({"bucket_name": "a..b"}, "bucket_name"),
        ({"bucket_name": "a/../b"}, "bucket_name"),
        ({"region": "eu-west-1.evil.test/"}, "region must be"),
        ({"aws_access_key_id": ""}, "aws_access_key_id is missing"),
        ({"aws_secret_access_key": "a\r\nb"}, "aws_secret_access_key"),
        ({"endpoint_url": "ftp://h"}, "endpoint_url must be"),
        ({"endpoint_url": "https://user:pw@h"}, "endpoint_url must be"),
        ({"endpoint_url": "https://h/path"}, "endpoint_url must be"),
        ({"endpoint_url": "https://h:99999"}, "endpoint_url must be"),
        ({"connection_option": "assume_role"}, "assume_role_arn must be"),
        ({"encryption": "sse_c"}, "encryption must be one of"),
        ({"encryption": "customer_managed_kms"}, "encryption_key must be"),
    ],
)
def test_settings_that_are_refused(change: dict[str, Any], says: str) -> None:  # S71
    with pytest.raises(Refused, match=says):
        S3Settings.of({**params_for("some-bucket"), **change})


@pytest.mark.parametrize(
    ("bucket", "region", "origin", "prefix"),
    [
        ("plain", "eu-west-1", "https://plain.s3.eu-west-1.amazonaws.com", "/"),
        ("a.dot", "us-east-1", "https://s3.us-east-1.amazonaws.com", "/a.dot/"),
        ("plain", "cn-north-1", "https://plain.s3.cn-north-1.amazonaws.com.cn", "/"),
    ],
)
def test_addresses_at_aws(bucket: str, region: str, origin: str, prefix: str) -> None:
    made = S3Settings.of({**params_for(bucket), "endpoint_url": "", "region": region})
    assert (made.origin, made.path_prefix) == (origin, prefix)


# --- objects ---


def test_large_object_goes_up_in_parts_and_comes_back_for_a_window() -> None:
    bucket = new_bucket()
    rows = random_rows(30)
    deliver(params_for(bucket), full(rows))
    assert "-" in client().head_object(Bucket=bucket, Key="ads.parquet")["ETag"]  # in parts
    deliver(params_for(bucket), Window("b", MARCH, lambda: iter([random_rows(1, "b")])))
    found = pq.read_table(io.BytesIO(content(bucket, "ads.parquet")))
    assert found.filter(pa.compute.field("account_id") == "a") == pa.Table.from_batches([rows])
    assert found.num_rows == 31
    assert keys_in(bucket) == ["ads.parquet"]


def test_failure_half_way_leaves_the_old_object_and_no_upload() -> None:  # F22
    bucket = new_bucket()
    deliver(params_for(bucket), full(random_rows(1)))
    before = content(bucket, "ads.parquet")

    def breaks() -> Iterator[pa.RecordBatch]:
        yield random_rows(40)
        assert keys_in(bucket) == ["ads.parquet", "unfinished ads.parquet"]
        raise LookupError("the source is gone")

    with pytest.raises(LookupError, match="the source is gone"):
        deliver(params_for(bucket), Full(breaks))
    assert keys_in(bucket) == ["ads.parquet"]
    assert content(bucket, "ads.parquet") == before


def test_killed_writer_shows_nothing_and_is_swept_by_the_next() -> None:  # F22
    bucket = new_bucket()
    tests = str(Path(__file__).parents[2])
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, tests, bucket, emulator()], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    assert keys_in(bucket) == ["unfinished ads.parquet"]
    deliver(params_for(bucket), full(random_rows(1)))
    assert keys_in(bucket) == ["ads.parquet"]


def test_listing_is_read_to_its_last_page(faults: FaultServer) -> None:
    page = "<ListBucketResult xmlns='http://s3.amazonaws.com/doc/2006-03-01/'>{}</ListBucketResult>"
    first = "<Contents><Key>x+y/a%2Bb</Key></Contents><NextContinuationToken>t+/</{}>"
    faults.will_answer(200, page.format(first.format("NextContinuationToken")))
    faults.will_answer(200, page.format("<Contents><Key>x+y/c</Key><Size>1</Size></Contents>"))
    settings = S3Settings.of(params_for("some-bucket", endpoint_url=faults.url))
    bucket = Bucket(S3Requests(settings, LOOPBACK), {})
    assert list(bucket.keys("x y/")) == ["x y/a+b", "x y/c"]
    assert [request.count("continuation-token=t%2B%2F") for request in faults.requests] == [0, 1]


@pytest.mark.parametrize("megabytes", [1, 40])
def test_objects_are_encrypted_as_asked(megabytes: int) -> None:
    bucket = new_bucket()
    key = "arn:aws:kms:us-east-1:123456789012:key/1234"
    kinds: dict[str, tuple[dict[str, str], str, str | None]] = {
        "sse_s3": ({"encryption": "sse_s3"}, "AES256", None),
        "sse_kms": ({"encryption": "sse_kms"}, "aws:kms", None),
        "own": ({"encryption": "customer_managed_kms", "encryption_key": key}, "aws:kms", key),
    }
    for folder, (params, algorithm, kms_key) in kinds.items():
        deliver(params_for(bucket, folder=folder, **params), full(random_rows(megabytes)))
        found = client().head_object(Bucket=bucket, Key=f"{folder}/ads.parquet")
        assert found["ServerSideEncryption"] == algorithm
        if kms_key:
            assert found["SSEKMSKeyId"] == kms_key


def test_role_is_assumed_and_its_keys_renewed(monkeypatch: pytest.MonkeyPatch) -> None:
    bucket = new_bucket()
    role = "arn:aws:iam::123456789012:role/loader"
    params = params_for(bucket, connection_option="assume_role", assume_role_arn=role)
    LOADER.check(Access(params, LOOPBACK))
    writing = LOADER.write(Access(params, LOOPBACK), ADS, iter([full(), full(random_rows(1))]))
    next(writing)
    with clock.shifted(timedelta(hours=2)):
        next(writing)
    assert keys_in(bucket) == ["ads.parquet"]


# --- refusals ---


@pytest.mark.parametrize(
    ("status", "code", "outcome", "says"),
    [
        (403, "AccessDenied", Refused, "s3:PutObject"),
        (403, "InvalidAccessKeyId", Reauthorize, "enter a valid one"),
        (403, "SignatureDoesNotMatch", Reauthorize, "enter a valid one"),
        (400, "ExpiredToken", Reauthorize, "enter a valid one"),
        (404, "NoSuchBucket", Refused, "mend bucket_name"),
        (403, "RequestTimeTooSkewed", Refused, "clock"),
        (400, "KMS.NotFoundException", Refused, "refused s3:PutObject"),
        (503, "SlowDown", SlowDown, "fewer requests"),
        (500, "InternalError", TryLater, "status 500 InternalError"),
        (409, "OperationAborted", TryLater, "changed by someone else"),
        (200, "InternalError", TryLater, "InternalError"),
    ],
)
def test_refusals_say_what_to_do(
    faults: FaultServer, status: int, code: str, outcome: type[OutsideError], says: str
) -> None:  # F24
    faults.will_refuse(status, code)
    access = Access(params_for("some-bucket", endpoint_url=faults.url), LOOPBACK)
    with pytest.raises(outcome) as caught:
        LOADER.check(access)
    assert says in str(caught.value)
    assert SECRET not in str(caught.value)


def test_region_is_named_and_redirects_are_not_followed(faults: FaultServer) -> None:  # S75
    body = "<Error><Code>PermanentRedirect</Code></Error>"
    faults.will_answer(301, body, location="http://127.0.0.1:9/", x_amz_bucket_region="eu-west-1")
    access = Access(params_for("some-bucket", endpoint_url=faults.url), LOOPBACK)
    with pytest.raises(Refused, match="set region to eu-west-1"):
        LOADER.check(access)
    assert len(faults.requests) == 1


def test_passing_fault_is_asked_again(faults: FaultServer) -> None:
    faults.will_refuse(503, "SlowDown")
    faults.will_refuse(500, "InternalError")
    faults.will_refuse(403, "AccessDenied")
    access = Access(params_for("some-bucket", endpoint_url=faults.url), LOOPBACK)
    with pytest.raises(Refused, match="AccessDenied"):
        LOADER.check(access)
    assert len(faults.requests) == 3


@pytest.mark.parametrize("body", ["<Error><Code>" + "x" * 5_000, "not xml", "", "<!DOCTYPE x><x/>"])
def test_answer_that_is_no_s3_is_contained(faults: FaultServer, body: str) -> None:  # S98
    faults.will_answer(400, body)
    access = Access(params_for("some-bucket", endpoint_url=faults.url), LOOPBACK)
    with pytest.raises(Refused, match="refused s3:PutObject: 400"):
        LOADER.check(access)


def test_server_that_is_no_s3_fails_the_check(faults: FaultServer) -> None:
    faults.will_answer(200, "<html>welcome</html>")
    access = Access(params_for("some-bucket", endpoint_url=faults.url), LOOPBACK)
    with pytest.raises((Refused, TryLater)):
        LOADER.check(access)


@pytest.mark.parametrize(
    "url", ["http://169.254.169.254", "http://[::1]:1", "http://localhost:1", "http://10.0.0.1"]
)
def test_endpoint_passes_the_guard(url: str) -> None:  # S72 S73 S79
    access = Access(params_for("some-bucket", endpoint_url=url), OutboundPolicy())
    with pytest.raises(Refused, match=r"public address|metadata"):
        LOADER.check(access)


def test_server_keys_in_the_environment_are_not_used(monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "OPERATOR")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "OPERATOR")
    params = {**params_for("some-bucket"), "aws_access_key_id": None}
    with pytest.raises(Refused, match="aws_access_key_id is missing"):
        LOADER.check(Access(params, LOOPBACK))
    assert boto3.Session().get_credentials().access_key == "OPERATOR"


def test_bucket_names_of_tests_are_fit() -> None:
    assert S3Settings.of(params_for(f"test-{uuid.uuid4().hex}")).region == "us-east-1"
