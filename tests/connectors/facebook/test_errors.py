"""Every row of the error table, and the shapes in which errors arrive."""

import json
from collections.abc import Mapping
from pathlib import Path
from typing import Any

import pytest

from fakes.graph_api import error_body
from headrace.connectors.sources.facebook.errors import (
    DEFAULT_WAIT_SECONDS,
    Fault,
    Verdict,
    classify,
    exhausted,
    outcome,
    without_tokens,
)
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater
from headrace.kit.told import as_said

FIXTURES = Path(__file__).parents[2] / "fixtures" / "meta"
RECORDED = {
    case["case"]: case for case in json.loads((FIXTURES / "errors_and_paging.json").read_text())
}


def judged(status: int, content: Any, headers: Mapping[str, str] | None = None) -> Verdict | None:
    body = content if isinstance(content, bytes) else json.dumps(content).encode()
    return classify(status, body, headers or {})


LIMITED_CODES = [4, 17, 32, 613, 80000, 80003, 80004, 80005, 80006, 80008]


@pytest.mark.parametrize(
    ("status", "code", "subcode", "message", "fault"),
    [
        *((400, code, None, "limit reached", Fault.LIMITED) for code in LIMITED_CODES),
        (400, 17, 2446079, "User request limit reached", Fault.LIMITED),
        (400, 613, 1487742, "too many calls", Fault.LIMITED),
        (400, 4, 1504022, "too many calls", Fault.LIMITED),
        (400, 4, 1504039, "too many calls", Fault.LIMITED),
        *((400, 190, sub, "token", Fault.CREDENTIALS) for sub in (None, 458, 460, 463, 467)),
        (400, 102, None, "session", Fault.CREDENTIALS),
        (400, 100, None, "Invalid appsecret_proof provided", Fault.CREDENTIALS),
        *((403, code, None, "permission", Fault.PERMISSION) for code in (3, 10, 200, 272, 299)),
        (400, 100, 33, "Unsupported get request", Fault.PERMISSION),
        (400, 100, 1487534, "Too much data", Fault.TOO_BIG),
        (500, 1, None, "Please reduce the amount of data you're asking for", Fault.TOO_BIG),
        (500, 2, 1504018, "timeout", Fault.TOO_BIG),
        (500, 2, 1504038, "timeout", Fault.TOO_BIG),
        (500, 2, 1504044, "try again", Fault.TRANSIENT),
        (500, 1, None, "An unknown error occurred", Fault.TRANSIENT),
        (500, 2, None, "Service temporarily unavailable", Fault.TRANSIENT),
        (500, 960, None, "busy", Fault.TRANSIENT),
        (400, 100, None, "Cannot include reach in summary param", Fault.TRANSIENT),
        (400, 100, None, "(#100) foo is not valid for fields param", Fault.CONFIGURATION),
        (400, 3018, None, "start date beyond 37 months", Fault.CONFIGURATION),
        (400, 2635, None, "deprecated version", Fault.SUNSET),
        (400, 99999, None, "never heard of", Fault.CONFIGURATION),
        (503, 99999, None, "never heard of", Fault.TRANSIENT),
    ],
)
def test_a_code_means_its_fault(
    status: int, code: int, subcode: int | None, message: str, fault: Fault
) -> None:
    verdict = judged(status, error_body(code, message, subcode))

    assert verdict is not None
    assert (verdict.fault, verdict.code, verdict.subcode) == (fault, code, subcode)
    assert message in str(verdict.message)


@pytest.mark.parametrize(
    ("flag", "code", "fault"),
    [
        (True, 99999, Fault.TRANSIENT),
        (False, 99999, Fault.CONFIGURATION),
        (False, 2, Fault.TRANSIENT),  # seen: the flag denies what the code says
        (True, 190, Fault.CREDENTIALS),
        ("true", 99999, Fault.CONFIGURATION),
    ],
)
def test_the_transient_flag_speaks_only_where_the_code_is_silent(
    flag: object, code: int, fault: Fault
) -> None:
    verdict = judged(400, error_body(code, "what", is_transient=flag))

    assert verdict is not None
    assert verdict.fault is fault


@pytest.mark.parametrize(
    ("case", "fault"),
    [
        ("too much data", Fault.TOO_BIG),
        ("timeout by size", Fault.TOO_BIG),
        ("token dead", Fault.CREDENTIALS),
        # Code 100 under status 500 is the server's own failure, whatever the code says.
        ("generic", Fault.TRANSIENT),
        ("truncated body with status 200", Fault.TRANSIENT),
        ("two JSON values in one error body", Fault.CREDENTIALS),
        ("next link carries the token", None),
        ("last page", None),
    ],
)
def test_recorded_answers(case: str, fault: Fault | None) -> None:
    recorded = RECORDED[case]
    content = recorded["raw"].encode() if "raw" in recorded else recorded["response"]

    verdict = judged(recorded["status"], content)

    assert (verdict.fault if verdict else None) is fault


@pytest.mark.parametrize(
    ("status", "body", "fault"),
    [
        (200, b'{"data": []}', None),
        (200, b"", Fault.TRANSIENT),
        (200, b"\xff\xfe", Fault.TRANSIENT),
        (200, b'{"error": {"code": 190}}', Fault.CREDENTIALS),
        (502, b"<html>Bad gateway</html>", Fault.TRANSIENT),
        (503, b"", Fault.TRANSIENT),
        (429, b"", Fault.LIMITED),
        (401, b"", Fault.CREDENTIALS),
        (403, b"", Fault.PERMISSION),
        (404, b"not here", Fault.CONFIGURATION),
        (302, b"", Fault.CONFIGURATION),
        (500, b"[]", Fault.TRANSIENT),
        (500, b'{"error": "text"}', Fault.TRANSIENT),
    ],
)
def test_answers_without_an_error_object(status: int, body: bytes, fault: Fault | None) -> None:
    verdict = classify(status, body, {})

    assert (verdict.fault if verdict else None) is fault


@pytest.mark.parametrize(
    ("subcode", "headers", "seconds"),
    [
        (
            None,
            {"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access": 19}]}'},
            19 * 60,
        ),
        (None, {"retry-after": "30"}, 30),  # F04
        (None, {"retry-after": "Wed, 21 Oct 2026 07:28:00 GMT"}, DEFAULT_WAIT_SECONDS),  # F04
        (None, {}, DEFAULT_WAIT_SECONDS),  # F04
        (2446079, {}, 3600),
        (
            None,
            {"x-ad-account-usage": '{"acc_id_util_pct": 100, "reset_time_duration": 120}'},
            120,
        ),
        (
            None,
            {"x-business-use-case-usage": '{"1":[{"estimated_time_to_regain_access": 99999}]}'},
            86400,
        ),
    ],
)
def test_a_limit_says_when_to_come_back(
    subcode: int | None, headers: dict[str, str], seconds: float
) -> None:
    verdict = judged(400, error_body(17, "limit", subcode), headers)

    assert verdict is not None
    error = outcome(verdict)
    assert isinstance(error, SlowDown)
    assert error.after_seconds == seconds


@pytest.mark.parametrize(
    ("fault", "kind"),
    [
        (Fault.CREDENTIALS, Reauthorize),
        (Fault.PERMISSION, Refused),
        (Fault.CONFIGURATION, Refused),
        (Fault.LIMITED, SlowDown),
        (Fault.TRANSIENT, TryLater),
        (Fault.TOO_BIG, Refused),
        (Fault.SUNSET, Refused),
    ],
)
def test_each_fault_becomes_one_of_the_four_outcomes(fault: Fault, kind: type[Exception]) -> None:
    assert type(outcome(Verdict(fault, as_said("said")))) is kind


def test_a_fault_seen_at_random_becomes_what_it_is_when_it_stays() -> None:
    summary = judged(400, error_body(100, "Cannot include reach in summary param"))
    timeout = judged(500, error_body(2, "try again", 1504044))

    assert summary is not None
    assert timeout is not None
    assert (summary.tries, exhausted(summary).fault) == (2, Fault.CONFIGURATION)
    assert "Change the fields" in str(exhausted(summary).message)
    assert (timeout.tries, exhausted(timeout).fault) == (3, Fault.TOO_BIG)


def test_tokens_in_a_message_are_blanked() -> None:  # S99
    text = (
        "Malformed access token EAABsbCS1iHgBAO and https://x/?access_token=abc123&a=1 "
        "and 1234567890|abcdefghijk"
    )

    assert without_tokens(text) == (
        "Malformed access token *** and https://x/?access_token=***&a=1 and ***"
    )
