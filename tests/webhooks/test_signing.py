"""Signatures: our vectors, the reference library of the Standard Webhooks, and our own helper."""

import ast
import hashlib
import hmac
import json
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest
from standardwebhooks import Webhook, WebhookVerificationError

from headrace.client import webhooks as helper
from headrace.client.webhooks import WebhookInvalid, challenge_answer, verify, verify_body
from headrace.webhooks.signing import (
    Message,
    idempotency_key,
    signature_headers,
    standard_secret,
)

SECRET = "0123456789abcdef" * 4
OTHER = "fedcba9876543210" * 4
AT = datetime(2026, 5, 21, 10, 0, 0, tzinfo=UTC)
BODY = json.dumps(
    {
        "id": "5F0C2E6B9D1A4C7F8E3B6A2D9C0F1E47",
        "type": "load_completed",
        "timestamp": "2026-05-21 10:00:00.000000",
        "data": {"load_id": "19", "workspace_title": "Müller & Söhne"},
    },
    ensure_ascii=False,
    separators=(",", ":"),
).encode()
KEY = idempotency_key("5F0C2E6B9D1A4C7F8E3B6A2D9C0F1E47", 2)
SIGNED = signature_headers(Message(KEY, AT, BODY), SECRET)
NOW = AT.timestamp()


def test_the_published_header_is_the_hex_mac_of_the_body() -> None:
    wanted = hmac.new(SECRET.encode("ascii"), BODY, hashlib.sha256).hexdigest()
    assert SIGNED["X-Improvado-Signature"] == wanted
    assert SIGNED["X-Improvado-Idempotency-Key"] == SIGNED["webhook-id"] == KEY


def test_the_key_belongs_to_one_event_and_endpoint() -> None:
    assert len({idempotency_key(uid, n) for uid in ("A", "B", "A1") for n in (1, 11)}) == 6
    assert "." not in KEY
    assert len(KEY) == 32


def test_the_reference_library_verifies(monkeypatch: pytest.MonkeyPatch) -> None:
    now = datetime.now(UTC)
    headers = signature_headers(Message(KEY, now, BODY), SECRET)
    library = Webhook(standard_secret(SECRET))
    assert library.verify(BODY, headers) == json.loads(BODY)
    for changed in (BODY + b" ", BODY.replace(b"19", b"20")):
        with pytest.raises(WebhookVerificationError):
            library.verify(changed, headers)
    with pytest.raises(WebhookVerificationError):
        Webhook(standard_secret(OTHER)).verify(BODY, headers)


def test_our_helper_takes_what_the_reference_library_signs() -> None:  # S103
    now = datetime.now(UTC)
    library = Webhook(standard_secret(SECRET))
    headers = {
        "Webhook-Id": "msg_1",
        "Webhook-Timestamp": str(int(now.timestamp())),
        "Webhook-Signature": library.sign("msg_1", now, BODY.decode()),
    }
    for secret in (SECRET, standard_secret(SECRET)):
        assert verify(BODY, headers, secret).type == "load_completed"


def test_a_grace_signs_twice_and_the_published_header_is_new() -> None:  # F36
    headers = signature_headers(Message(KEY, AT, BODY), SECRET, OTHER)
    assert headers["X-Improvado-Signature"] == SIGNED["X-Improvado-Signature"]
    for secret in (SECRET, OTHER):
        assert verify(BODY, headers, secret, now=NOW).key == KEY
    with pytest.raises(WebhookInvalid):
        verify(BODY, SIGNED, OTHER, now=NOW)


def test_the_helper_returns_the_event() -> None:
    event = verify(BODY, SIGNED.items(), SECRET, now=NOW)
    assert (event.key, event.type) == (KEY, "load_completed")
    assert event.data["workspace_title"] == "Müller & Söhne"
    assert verify_body(BODY, SIGNED, SECRET) == event


@pytest.mark.parametrize(
    "age", [timedelta(seconds=301), timedelta(seconds=-301), timedelta(days=9)]
)
def test_stale_timestamps_are_refused(age: timedelta) -> None:  # S103
    with pytest.raises(WebhookInvalid, match="too far"):
        verify(BODY, SIGNED, SECRET, now=NOW + age.total_seconds())
    assert verify(BODY, SIGNED, SECRET, now=NOW + 299).key == KEY


@pytest.mark.parametrize(
    "change",
    [
        {"webhook-id": "other"},
        {"webhook-id": ""},
        {"webhook-timestamp": str(int(NOW) + 1)},
        {"webhook-timestamp": "x"},
        {"webhook-timestamp": "9" * 400},
        {"webhook-timestamp": "٣"},
        {"webhook-signature": ""},
        {"webhook-signature": "v1,"},
        {"webhook-signature": "v1"},
        {"webhook-signature": "v1,é"},
        {"webhook-signature": "v2," + SIGNED["webhook-signature"].split(",")[1]},
        {"webhook-signature": SIGNED["webhook-signature"][:-4] + "AAA="},
        {"webhook-signature": "v1,AAAA v1,BBBB v1a,CCCC"},
    ],
)
def test_anything_changed_is_refused(change: dict[str, str]) -> None:  # S103
    with pytest.raises(WebhookInvalid):
        verify(BODY, SIGNED | change, SECRET, now=NOW)


def test_one_fitting_signature_among_others_is_enough() -> None:  # S103
    several = f"v1a,AAAA v1,BBBB {SIGNED['webhook-signature']} v9"
    assert verify(BODY, SIGNED | {"webhook-signature": several}, SECRET, now=NOW).key == KEY


@pytest.mark.parametrize(
    "signature", ["", "x", "é" * 64, "0" * 64, SIGNED["X-Improvado-Signature"] + "0"]
)
def test_the_published_header_is_verified_too(signature: str) -> None:
    with pytest.raises(WebhookInvalid):
        verify_body(BODY, {"x-improvado-signature": signature}, SECRET)


@pytest.mark.parametrize("body", [b"", b"[]", b"{}", b"\xff", b'{"id":1}'])
def test_what_is_signed_but_no_event_is_refused(body: bytes) -> None:
    headers = signature_headers(Message(KEY, AT, body), SECRET)
    with pytest.raises(WebhookInvalid):
        verify(body, headers, SECRET, now=NOW)


def test_challenges_are_answered_for_this_endpoint_alone() -> None:
    asked = {"X-Improvado-Verify-Token": SECRET, "X-Improvado-Challenge": "abc"}
    assert challenge_answer(asked, SECRET) == b"abc"
    assert challenge_answer(asked, standard_secret(SECRET)) == b"abc"
    for wrong in (
        {},
        asked | {"X-Improvado-Verify-Token": OTHER},
        asked | {"X-Improvado-Challenge": ""},
    ):
        with pytest.raises(WebhookInvalid):
            challenge_answer(wrong, SECRET)


def test_macs_are_compared_in_constant_time_alone() -> None:  # S103
    tree = ast.parse(Path(helper.__file__).read_text())
    compared = [
        ast.unparse(node)
        for node in ast.walk(tree)
        if isinstance(node, ast.Compare) and "wanted" in ast.unparse(node)
    ]
    assert compared == []
    calls = [ast.unparse(node.func) for node in ast.walk(tree) if isinstance(node, ast.Call)]
    assert calls.count("hmac.compare_digest") == 3


def test_the_helper_stands_alone() -> None:
    tree = ast.parse(Path(helper.__file__).read_text())
    imported = {
        (node.module if isinstance(node, ast.ImportFrom) else node.names[0].name) or ""
        for node in ast.walk(tree)
        if isinstance(node, ast.Import | ast.ImportFrom)
    }
    assert not {name for name in imported if name.startswith("headrace")}
