"""What Meta's limits are of: an ad account, a person, or the whole app; that alone is paused (F04)."""

import pytest

from headrace.connectors.sources.facebook.errors import judge, outcome
from headrace.connectors.sources.facebook.usage import read_usage
from headrace.kit.outcomes import Pauses, SlowDown


@pytest.mark.parametrize(
    ("code", "subcode", "of"),
    [
        (4, None, Pauses.APP),
        (4, 1504022, Pauses.APP),
        (4, 1504039, Pauses.APP),
        (17, None, Pauses.CREDENTIAL),
        (17, 2446079, Pauses.ACCOUNT),
        (32, None, Pauses.CREDENTIAL),
        (613, None, Pauses.ACCOUNT),
        (613, 1487742, Pauses.ACCOUNT),
        (80000, None, Pauses.ACCOUNT),
        (80004, None, Pauses.ACCOUNT),
    ],
)
def test_an_error_says_what_its_limit_is_of(code: int, subcode: int | None, of: Pauses) -> None:
    error = outcome(judge(400, {"code": code, "error_subcode": subcode, "message": "limit"}, {}))
    assert isinstance(error, SlowDown)
    assert error.pauses is of


@pytest.mark.parametrize(
    ("headers", "seconds", "of"),
    [
        ({"x-app-usage": '{"call_count": 100, "estimated_time_to_regain_access": 2}'}, 120, "app"),
        (
            {"x-business-use-case-usage": '{"1": [{"estimated_time_to_regain_access": 5}]}'},
            300,
            "account",
        ),
        (
            {"x-ad-account-usage": '{"acc_id_util_pct": 100, "reset_time_duration": 40}'},
            40,
            "account",
        ),
        ({"x-app-usage": '{"call_count": 99}'}, 0, "account"),
    ],
)
def test_usage_headers_say_what_their_limit_is_of(
    headers: dict[str, str], seconds: float, of: str
) -> None:
    usage = read_usage(headers)
    assert (usage.regain_seconds, usage.pauses) == (seconds, of)
