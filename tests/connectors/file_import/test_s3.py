"""Objects of a bucket: signed as the vendor describes, listed whole, refused clearly."""

from datetime import UTC, datetime

import boto3
import pytest
from botocore.auth import S3SigV4Auth
from botocore.awsrequest import AWSRequest
from botocore.credentials import Credentials
from hypothesis import given
from hypothesis import strategies as st
from moto.backends import get_backend
from moto.server import ThreadedMotoServer

from connectors.file_import.imports import LOOPBACK, access_to, rows_of
from connectors.file_import.web_server import Page, web_server
from headrace.connectors.sources.file_import import CONNECTOR
from headrace.connectors.sources.file_import.s3_files import S3Files
from headrace.connectors.sources.file_import.s3_signing import (
    S3Keys,
    encoded_path,
    encoded_query,
    signed_headers,
)
from headrace.connectors.sources.file_import.settings import FileSettings
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater

KEYS = {"aws_access_key_id": "testing-key", "aws_secret_access_key": "testing-secret"}
# The vendor's examples (docs.aws.amazon.com, "Authenticating Requests: Using the Authorization
# Header"), with its published example keys.
VENDOR_KEYS = S3Keys("AKIAIOSFODNN7EXAMPLE", "wJalrXUtnFEMI/K7MDENG/bPxRfiCYEXAMPLEKEY")
VENDOR_MOMENT = datetime(2013, 5, 24, tzinfo=UTC)


@pytest.fixture(scope="module")
def endpoint():
    server = ThreadedMotoServer(ip_address="127.0.0.1", port=0)
    server.start()
    host, port = server.get_host_and_port()
    yield f"http://{host}:{port}"
    server.stop()


@pytest.fixture(scope="module")
def bucket(endpoint):
    client = boto3.client(
        "s3",
        endpoint_url=endpoint,
        region_name="us-east-1",
        aws_access_key_id="testing-key",
        aws_secret_access_key="testing-secret",
    )
    client.create_bucket(Bucket="exports")
    objects = get_backend("s3")["123456789012"]["aws"]  # a thousand requests would be slow
    for number in range(1_005):
        objects.put_object("exports", f"many/{number:04}.csv", b"n\n1\n")
    for key in ("a b/é+&=%.csv", "plain.csv", "deep/er/x.csv", "folder/"):
        client.put_object(Bucket="exports", Key=key, Body=f"key\n{key}\n".encode())
    client.put_object(Bucket="exports", Key="empty.csv", Body=b"")
    return endpoint


def s3(endpoint, address, **settings):
    return access_to(address, credentials=KEYS, endpoint_url=endpoint, **settings)


def ids(access):
    return [account.remote_id for account in CONNECTOR.accounts(access)]


@pytest.mark.parametrize(
    ("path", "query", "extra", "signature"),
    [
        ("/test.txt", "", {"Range": "bytes=0-9"},
         "f0e8bdb87c964420e857bd35b5d6ed310bd44f0170aba48dd91039c6036bdb41"),
        ("/", "max-keys=2&prefix=J", {},
         "34b48302e7b5fa45bde8084f4b7868a86f0a534bc59db6670ed5711ef69dc6f7"),
    ],
)  # fmt: skip
def test_signatures_equal_the_vendors_examples(path, query, extra, signature):
    headers = signed_headers(
        host="examplebucket.s3.amazonaws.com",
        path=path,
        query=query,
        region="us-east-1",
        keys=VENDOR_KEYS,
        moment=VENDOR_MOMENT,
        extra=extra,
    )
    assert headers["Authorization"].endswith(f"Signature={signature}")


@given(
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), min_size=1, max_size=20),
    st.text(st.characters(exclude_categories=["Cs", "Cc"]), max_size=10),
)
def test_signatures_equal_the_vendors_library(key, prefix):
    path, query = encoded_path(f"/b/{key}"), encoded_query({"prefix": prefix, "list-type": "2"})
    request = AWSRequest("GET", f"https://s3.example.com{path}?{query}")
    request.context["timestamp"] = "20260301T000000Z"
    ours = signed_headers(
        host="s3.example.com",
        path=path,
        query=query,
        region="eu-west-1",
        keys=S3Keys("k", "s", "t"),
        moment=datetime(2026, 3, 1, tzinfo=UTC),
    )
    theirs = S3SigV4Auth(Credentials("k", "s", "t"), "s3", "eu-west-1")
    for name in ("x-amz-date", "x-amz-content-sha256", "x-amz-security-token"):
        request.headers[name] = ours[name]
    signed = theirs.signature(
        theirs.string_to_sign(request, theirs.canonical_request(request)), request
    )
    assert ours["Authorization"].endswith(signed)


def test_an_object_is_read(bucket):
    access = s3(bucket, "s3://exports/plain.csv")
    CONNECTOR.check(access)
    assert rows_of(access) == [{"key": "plain.csv"}]


def test_keys_with_special_characters_are_read(bucket):
    access = s3(bucket, "s3://exports/a b/*.csv")
    assert ids(access) == ["a b/é+&=%.csv"]
    assert rows_of(access) == [{"key": "a b/é+&=%.csv"}]


def test_listings_are_read_to_the_end(bucket):
    assert ids(s3(bucket, "s3://exports/many/*.csv")) == [f"many/{n:04}.csv" for n in range(1_005)]


@pytest.mark.parametrize(
    ("pattern", "found"),
    [
        ("*.csv", ["empty.csv", "plain.csv"]),
        ("deep/**", ["deep/er/x.csv"]),
        ("**/x.csv", ["deep/er/x.csv"]),
        ("fold*", []),
    ],
)
def test_patterns_match_as_in_folders(bucket, pattern, found):
    assert ids(s3(bucket, f"s3://exports/{pattern}")) == found


def test_an_empty_object_may_be_checked_but_holds_no_table(bucket):
    access = s3(bucket, "s3://exports/empty.csv")
    CONNECTOR.check(access)
    with pytest.raises(Refused, match="empty"):
        rows_of(access)


@pytest.mark.parametrize(
    ("address", "said"),
    [
        ("s3://exports/nothing.csv", "no object"),
        ("s3://exports/nothing*.csv", "no object"),
        ("s3://no-such-bucket/a.csv", "does not exist"),
        ("s3://exports", "no object"),
        ("s3://exports/folder/", "no object"),
        ("s3://Bad_Bucket/a.csv", "not a bucket"),
        ("s3://evil.example.com:80/a.csv", "not a bucket"),
        ("s3://exports/../other/a.csv", "named . or .."),
        ("s3://exports/x/./a.csv", "named . or .."),
    ],
)
def test_what_is_not_there_is_refused(bucket, address, said):  # S85
    with pytest.raises(Refused, match=said.replace(".", r"\.")):
        CONNECTOR.check(s3(bucket, address))


def _error(code):
    return f"<?xml version='1.0'?><Error><Code>{code}</Code><Message>m</Message></Error>".encode()


@pytest.mark.parametrize(
    ("page", "outcome", "said"),
    [
        (Page(_error("AccessDenied"), 403), Reauthorize, "AccessDenied"),
        (Page(_error("SignatureDoesNotMatch"), 403), Reauthorize, "Signature"),
        (Page(_error("ExpiredToken"), 400), Reauthorize, "ExpiredToken"),
        (Page(_error("RequestTimeTooSkewed"), 403), Refused, "clock"),
        (Page(_error("SlowDown"), 503, {"Retry-After": "3"}), SlowDown, "fewer"),
        (Page(_error("InternalError"), 500), TryLater, "500"),
        (Page(_error("PermanentRedirect"), 301, {"x-amz-bucket-region": "eu-west-1"}), Refused,
         "eu-west-1"),
        (Page(b"<html>oops", 418), Refused, "418"),
        (Page(b"<!DOCTYPE x [<!ENTITY a 'b'>]><Error><Code>&a;</Code></Error>", 400), Refused, "400"),
    ],
)  # fmt: skip
def test_faults_are_told_by_what_happens_next(page, outcome, said):
    with web_server() as server:
        server.serve("/exports/a.csv", page)
        access = s3(server.url, "s3://exports/a.csv")
        for attempt in (CONNECTOR.check, rows_of):
            with pytest.raises(outcome, match=said) as told:
                attempt(access)
            assert "testing-secret" not in str(told.value)


def test_a_listing_that_repeats_itself_ends():  # F07
    listing = (
        b"<ListBucketResult><Contents><Key>a.csv</Key><Size>1</Size></Contents>"
        b"<NextContinuationToken>again</NextContinuationToken></ListBucketResult>"
    )
    with web_server() as server:
        server.serve("/exports", Page(listing))
        with pytest.raises(TryLater, match="repeats"):
            ids(s3(server.url, "s3://exports/*.csv"))


@pytest.mark.parametrize("body", [b"", b"<not xml", b"<!DOCTYPE a []><ListBucketResult/>"])
def test_a_listing_that_is_none_is_tried_later(body):  # S98
    with web_server() as server:
        server.serve("/exports", Page(body))
        with pytest.raises(TryLater, match="listing"):
            ids(s3(server.url, "s3://exports/*.csv"))


def test_without_keys_requests_are_not_signed(monkeypatch):
    """The server's own AWS identity must never serve a customer."""
    monkeypatch.setenv("AWS_ACCESS_KEY_ID", "operators-own")
    monkeypatch.setenv("AWS_SECRET_ACCESS_KEY", "operators-own")
    with web_server() as server:
        server.serve("/exports/a.csv", Page(b"a\n1\n"))
        assert rows_of(access_to("s3://exports/a.csv", endpoint_url=server.url)) == [{"a": 1}]
        assert [sorted(headers) for headers in server.headers] == [
            ["Accept-Encoding", "Host", "User-Agent"]
        ]


@pytest.mark.parametrize(
    ("bucket_name", "region", "base"),
    [
        ("exports", "eu-west-1", "https://exports.s3.eu-west-1.amazonaws.com"),
        ("my.dotted", "us-east-1", "https://s3.us-east-1.amazonaws.com"),
        ("exports", "cn-north-1", "https://exports.s3.cn-north-1.amazonaws.com.cn"),
    ],
)
def test_addresses_of_the_vendor(bucket_name, region, base):
    access = access_to(f"s3://{bucket_name}/a.csv", region=region)
    assert S3Files(access, FileSettings.parse(access.settings))._base == base


def test_half_a_key_asks_for_the_other_half():
    access = access_to("s3://exports/a.csv", credentials={"aws_access_key_id": "k"})
    with pytest.raises(Reauthorize, match="both"):
        CONNECTOR.check(access)


@pytest.mark.parametrize("region", ["x.evil.example.com/", "EU West"])
def test_a_region_cannot_lead_elsewhere(region):  # S79
    with pytest.raises(Refused, match="region"):
        CONNECTOR.check(access_to("s3://exports/a.csv", region=region))


def test_a_private_endpoint_is_refused_unless_opened(bucket):  # S72 S79
    access = access_to(
        "s3://exports/plain.csv",
        credentials=KEYS,
        endpoint_url=bucket.replace("http:", "https:"),
        policy=OutboundPolicy(),
    )
    with pytest.raises(Refused, match="HEADRACE_ALLOWED_PRIVATE_HOSTS"):
        CONNECTOR.check(access)
    assert LOOPBACK.allowed_private_hosts


def test_keys_are_not_shown():  # S99
    assert "secret" not in repr(S3Keys("id", "secret"))
