"""Limits, retries and secrets while reading from a Graph API over HTTP."""

import logging
from typing import Any

import pytest

from connectors.facebook.asking import (
    access_to,
    campaign_days,
    campaign_row,
    days,
    read_rows,
    request_for,
)
from fakes.graph_api import TOKEN, GraphApi, Row, error_body
from fakes.journal import RecordingJournal
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.connectors.sources.facebook.errors import TRANSIENT_TRIES
from headrace.kit.outcomes import OutsideError, Reauthorize, Refused, SlowDown, TryLater

FIELDS = ("date_start", "campaign_id", "spend")


def read(api: GraphApi, journal: RecordingJournal | None = None) -> list[Row]:
    return read_rows(api, request_for("campaign_performance", FIELDS, days(1), journal))


@pytest.fixture
def filled(api: GraphApi) -> GraphApi:
    api.add_rows("111", "campaign", campaign_days(1200, 1))
    return api


def test_a_nearly_used_up_limit_slows_the_reading_down(filled: GraphApi) -> None:
    filled.throttle(x_fb_ads_insights_throttle={"app_id_util_pct": 10, "acc_id_util_pct": 85})
    journal = RecordingJournal()

    assert len(read(filled, journal)) == 1200
    assert journal.pauses == [12.0, 12.0]


def test_a_used_up_limit_gives_the_worker_back_until_meta_opens(filled: GraphApi) -> None:
    usage = [{"type": "ads_insights", "call_count": 100, "estimated_time_to_regain_access": 9}]
    filled.throttle(x_business_use_case_usage={"111": usage})

    with pytest.raises(SlowDown) as slow:
        read(filled)
    assert slow.value.after_seconds == 9 * 60
    assert len(filled.calls) == 1


def test_the_last_page_counts_even_when_the_limit_is_used_up(api: GraphApi) -> None:
    api.add_rows("111", "campaign", [campaign_row(1)])
    api.throttle(x_business_use_case_usage={"111": [{"estimated_time_to_regain_access": 9}]})

    assert len(read(api)) == 1


def test_a_refusal_for_the_limit_says_until_when(filled: GraphApi) -> None:  # F04
    usage = '{"111": [{"call_count": 101, "estimated_time_to_regain_access": 3}]}'
    filled.fail_next(
        400,
        error_body(80000, "There have been too many calls to this ad-account."),
        headers={"x-business-use-case-usage": usage},
    )

    with pytest.raises(SlowDown, match="too many calls") as slow:
        read(filled)
    assert slow.value.after_seconds == 180


def test_passing_faults_are_met_with_growing_waits(filled: GraphApi) -> None:  # F05
    filled.truncate_next()
    filled.break_off_next()
    filled.fail_next(500, error_body(2, "unavailable"), on="insights")
    filled.fail_next(502, b"<html>", on="insights")
    journal = RecordingJournal()

    assert len(read(filled, journal)) == 1200
    assert len(journal.retries) == 4
    for paused, least in zip(journal.pauses, (2, 4, 8, 16), strict=True):
        assert least <= paused <= least + 1


def test_a_fault_that_does_not_pass_ends_the_attempt(filled: GraphApi) -> None:  # F18
    filled.fail_next(500, error_body(1, "An unknown error occurred"), times=1000)

    with pytest.raises(TryLater, match="unknown error"):
        read(filled)
    assert len(filled.calls) == TRANSIENT_TRIES


def test_the_random_summary_error_is_tried_once_more_only(filled: GraphApi) -> None:
    message = "Cannot include reach in summary param"
    filled.fail_next(400, error_body(100, message))

    assert len(read(filled)) == 1200

    filled.calls.clear()
    filled.fail_next(400, error_body(100, message), times=1000)
    with pytest.raises(Refused, match="Cannot include"):
        read(filled)
    assert len(filled.calls) == 2


def test_a_time_out_that_stays_counts_as_too_much(filled: GraphApi) -> None:
    filled.fail_next(500, error_body(2, "try again", 1504044), times=3)
    journal = RecordingJournal()

    assert len(read(filled, journal)) == 1200
    assert [call.parameters["limit"] for call in filled.calls][:4] == ["500"] * 3 + ["100"]


def test_revocation_in_the_middle_is_told_once(filled: GraphApi) -> None:  # F08
    journal = RecordingJournal()
    batches = CONNECTOR.read(
        access_to(filled), request_for("campaign_performance", FIELDS, days(1), journal)
    )
    filled.revoke()

    with pytest.raises(Reauthorize, match="removed the app"):
        list(batches)
    assert len(filled.calls) == 1
    assert journal.retries == []


@pytest.mark.parametrize(
    "content",
    [
        error_body(190, f"Malformed access token {TOKEN}"),
        error_body(1, f"failed at /x?access_token={TOKEN}&appsecret_proof=abc"),
        error_body(100, f"no {TOKEN}", error_user_msg=f"token {TOKEN} and s3cret-of-the-app"),
        b"{broken " + TOKEN.encode(),
    ],
)
def test_no_token_gets_into_a_message_a_retry_or_a_log(
    filled: GraphApi, content: Any, caplog: pytest.LogCaptureFixture
) -> None:  # S99
    caplog.set_level(logging.INFO)
    filled.fail_next(400 if isinstance(content, dict) else 200, content, times=1000)
    credentials = {"access_token": TOKEN, "app_secret": "s3cret-of-the-app"}
    journal = RecordingJournal()

    with pytest.raises(OutsideError) as told:
        read_rows(
            filled,
            request_for("campaign_performance", FIELDS, days(1), journal),
            access_to(filled, credentials=credentials),
        )

    for text in (str(told.value), repr(journal.retries), caplog.text):
        assert TOKEN not in text
        assert "s3cret" not in text
