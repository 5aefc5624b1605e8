"""Reading rows from a Graph API over HTTP: values, paging, shrinking."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from connectors.facebook.asking import (
    FIRST_DAY,
    access_to,
    campaign_days,
    campaign_row,
    days,
    read_rows,
    read_table,
    request_for,
)
from fakes.graph_api import TOKEN, GraphApi, Row, error_body
from fakes.journal import RecordingJournal
from headrace.connectors.contract import BadValues
from headrace.connectors.sources.facebook import CONNECTOR
from headrace.connectors.sources.facebook.reading import ROWS_A_BATCH
from headrace.kit.outcomes import Refused, TryLater

FIELDS = ("date_start", "campaign_id", "campaign_name", "impressions", "spend")


def keys(rows: Sequence[Row]) -> list[tuple[str, str]]:
    return sorted((str(row["date_start"]), row["campaign_id"]) for row in rows)


def test_one_day_of_campaigns_is_read_at_once(api: GraphApi) -> None:
    day_before = FIRST_DAY - timedelta(days=1)
    api.add_rows("111", "campaign", [campaign_row(1), campaign_row(2, day_before)])

    rows = read_rows(api, request_for("campaign_performance", FIELDS, days(1)))

    assert rows == [
        {
            "date_start": FIRST_DAY,
            "campaign_id": "120000000000000001",
            "campaign_name": "Campaign 1",
            "impressions": 1001,
            "spend": Decimal("1.100000000"),
        }
    ]
    assert [(call.method, call.path) for call in api.calls] == [("GET", "act_111/insights")]


def test_several_days_are_read_as_a_report(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(3, 5))

    rows = read_rows(api, request_for("campaign_performance", FIELDS, days(5)))

    assert keys(rows) == keys(campaign_days(3, 5))
    assert [call.method for call in api.calls_to("act_111/insights")] == ["POST"]
    assert "access_token" in api.calls_to("act_111/insights")[0].parameters


def test_what_is_absent_is_zero_for_counts_and_money_and_null_for_ratios(api: GraphApi) -> None:
    row = {"date_start": str(FIRST_DAY), "account_id": "111"}
    api.add_rows("111", "account", [row])
    fields = (
        "date_start",
        "impressions",
        "spend",
        "reach",
        "ctr",
        "frequency",
        "account_currency",
        "actions:purchase",
        "outbound_clicks:outbound_click",
        "purchase_roas:omni_purchase",
        "cost_per_action_type:lead",
    )

    [read] = read_rows(api, request_for("account_performance", fields, days(1)))

    assert read == {
        "date_start": FIRST_DAY,
        "impressions": 0,
        "spend": 0,
        "reach": 0,
        "ctr": None,
        "frequency": None,
        "account_currency": None,
        "actions:purchase": 0,
        "outbound_clicks:outbound_click": 0,
        "purchase_roas:omni_purchase": None,
        "cost_per_action_type:lead": None,
    }


def test_numbers_sent_as_numbers_keep_every_digit(api: GraphApi) -> None:
    body = (
        b'{"data":[{"date_start":"2026-10-01","campaign_id":120000000000000000123456789,'
        b'"spend":12345678901234567.123456789,"impressions":9007199254740993,"ctr":0.1}]}'
    )
    api.fail_next(200, body, on="insights")

    [row] = read_rows(
        api,
        request_for(
            "campaign_performance", ("campaign_id", "spend", "impressions", "ctr"), days(1)
        ),
    )

    assert row == {
        "campaign_id": "120000000000000000123456789",
        "spend": Decimal("12345678901234567.123456789"),
        "impressions": 9007199254740993,
        "ctr": Decimal("0.1"),
    }


def test_action_fields_follow_the_attribution_setting(api: GraphApi) -> None:
    stats = [{"action_type": "purchase", "value": "9", "7d_click": "4", "1d_view": "2"}]
    api.add_rows("111", "campaign", [campaign_row(1, actions=stats)])
    fields = ("actions:purchase", "actions:purchase:1d_view")

    def purchases(*windows: str) -> list[Any]:
        settings = {"attribution_windows": list(windows)}
        request = request_for("campaign_performance", fields, days(1), settings=settings)
        return list(read_rows(api, request)[0].values())

    assert purchases() == [9, 2]
    assert purchases("account_default") == [9, 2]
    assert purchases("7d_click") == [4, 2]
    assert purchases("7d_click", "1d_view") == [6, 2]


def test_asset_breakdowns_arrive_as_objects_and_are_kept_as_json(api: GraphApi) -> None:
    asset = {"id": "55", "text": "Kauf für 5 €"}
    row = campaign_row(1, body_asset=asset)
    api.add_rows("111", "campaign", [row], ["body_asset"])

    [read] = read_rows(api, request_for("wide", ("campaign_id", "body_asset", "spend"), days(1)))

    assert read["body_asset"] == '{"id":"55","text":"Kauf für 5 €"}'


@pytest.mark.parametrize("body", [b'{"data":[]}', b"{}", b'{"data":null}', b'{"data":[],"x":1}'])
def test_every_shape_of_nothing_is_no_rows(api: GraphApi, body: bytes) -> None:
    api.fail_next(200, body, on="insights")

    assert read_rows(api, request_for("campaign_performance", FIELDS, days(1))) == []


def test_rows_of_other_days_are_dropped_and_unreadable_days_named(api: GraphApi) -> None:
    inside, outside = campaign_row(1), campaign_row(2, date(2026, 9, 30))
    request = request_for("campaign_performance", FIELDS, days(1))
    api.fail_next(200, {"data": [outside, inside]}, on="insights")

    assert keys(read_rows(api, request)) == keys([inside])

    api.fail_next(200, {"data": [inside, {**outside, "date_start": "soon"}]}, on="insights")
    with pytest.raises(Refused, match=r"Row 2, column 'date_start': 'soon'"):
        read_rows(api, request)


def test_bad_numbers_are_nulled_and_counted_with_their_row(api: GraphApi) -> None:
    rows = campaign_days(ROWS_A_BATCH + 10, 1)
    rows[ROWS_A_BATCH + 4]["impressions"] = "many"
    api.add_rows("111", "campaign", rows)
    journal = RecordingJournal()
    request = request_for(
        "campaign_performance", FIELDS, days(1), journal, bad_values=BadValues.NULL_AND_COUNT
    )

    read = read_rows(api, request)

    assert [bad.row_number for bad in journal.bad_values] == [ROWS_A_BATCH + 5]
    assert [row["impressions"] for row in read].count(None) == 1


def test_pages_are_followed_by_cursor_and_the_token_is_sent_but_never_kept(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(601, 2))
    journal = RecordingJournal()

    rows = read_rows(api, request_for("campaign_performance", FIELDS, days(2), journal))

    assert keys(rows) == keys(campaign_days(601, 2))
    calls = [call for call in api.calls if call.path.endswith("/insights") and call.method == "GET"]
    assert [call.parameters["limit"] for call in calls] == ["500"] * 3
    assert all(call.parameters["access_token"] == TOKEN for call in calls)
    assert TOKEN not in repr([journal.bookmarks, journal.retries])  # S99


def test_pages_may_be_empty_overlap_and_shrink(api: GraphApi) -> None:  # F07
    api.add_rows("111", "campaign", campaign_days(1300, 1))
    request = request_for("campaign_performance", FIELDS, days(1))
    api.send_empty_page_next(times=2)
    api.overlap_pages(rows=37)

    assert keys(read_rows(api, request)) == keys(campaign_days(1300, 1))


def test_a_cursor_that_comes_again_ends_the_read(api: GraphApi) -> None:  # F07
    api.add_rows("111", "campaign", campaign_days(1300, 1))
    api.repeat_cursor()

    with pytest.raises(TryLater, match="circle"):
        read_rows(api, request_for("campaign_performance", FIELDS, days(1)))
    assert len(api.calls) < 5


def test_pages_shrink_on_the_same_cursor(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(700, 1))
    api.too_much_data_above(rows=120)
    journal = RecordingJournal()

    rows = read_rows(api, request_for("campaign_performance", FIELDS, days(1), journal))

    assert keys(rows) == keys(campaign_days(700, 1))
    limits = [call.parameters["limit"] for call in api.calls]
    assert limits == ["500", *["100"] * 7]
    assert len(journal.retries) == 1


def test_pieces_shrink_when_pages_do_not_help(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(3, 20))
    api.too_much_data_above(days=7)
    journal = RecordingJournal()

    rows = read_rows(api, request_for("campaign_performance", FIELDS, days(20), journal))

    assert keys(rows) == keys(campaign_days(3, 20))
    assert journal.saved is not None
    assert journal.saved["piece_days"] == 7


def test_a_later_attempt_begins_with_pieces_that_work(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(3, 20))
    api.too_much_data_above(days=7)
    journal = RecordingJournal()
    request = request_for("campaign_performance", FIELDS, days(20), journal)
    read_rows(api, request)
    api.calls.clear()

    rows = read_rows(api, request)

    assert keys(rows) == keys(campaign_days(3, 20))
    # The runs of the first attempt are found again: one look at each, none is started.
    assert api.calls_to("act_111/insights") == []


def test_a_piece_that_fails_half_way_is_begun_anew_without_doubling(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(200, 8))
    too_big = error_body(1, "Please reduce the amount of data you're asking for")
    request = request_for("campaign_performance", FIELDS, days(8))
    batches = CONNECTOR.read(access_to(api), request)
    # The first run yields two pages; from then on every page size of its third page is too big.
    first_run = "6000000000000001/insights"
    api.fail_next(500, too_big, on=first_run, after=2, times=3)

    rows = [row for batch in batches for row in batch.to_pylist()]

    assert keys(rows) == keys(campaign_days(200, 8))
    assert len(api.calls_to(first_run)) == 5


def test_one_day_that_is_too_much_is_refused(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(3, 3))
    api.too_much_data_above(days=0)

    with pytest.raises(Refused, match="select fewer fields or breakdowns"):
        read_rows(api, request_for("campaign_performance", FIELDS, days(3)))


@pytest.mark.parametrize("is_compressed", [False, True])
def test_an_answer_of_unbounded_size_counts_as_too_much(
    api: GraphApi, monkeypatch: pytest.MonkeyPatch, is_compressed: bool
) -> None:  # S77
    if is_compressed:
        api.compress_answers()
    monkeypatch.setattr("headrace.connectors.sources.facebook.calls.MAX_BODY_BYTES", 30_000)
    api.add_rows("111", "campaign", campaign_days(400, 1))

    rows = read_rows(api, request_for("campaign_performance", FIELDS, days(1)))

    assert keys(rows) == keys(campaign_days(400, 1))
    assert {call.parameters["limit"] for call in api.calls} == {"500", "100"}


def test_many_rows_come_in_bounded_batches_of_one_schema(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(3100, 2))

    request = request_for("campaign_performance", FIELDS, days(2))
    batches = list(CONNECTOR.read(access_to(api), request))

    assert sum(batch.num_rows for batch in batches) == 6200
    assert max(batch.num_rows for batch in batches) <= ROWS_A_BATCH + 500
    assert len({str(batch.schema) for batch in batches}) == 1


def test_a_window_longer_than_a_piece_is_read_piece_by_piece(api: GraphApi) -> None:
    api.add_rows("111", "campaign", campaign_days(1, 65))

    table = read_table(api, request_for("campaign_performance", FIELDS, days(65)))

    assert table.num_rows == 65
    assert len(api.calls_to("act_111/insights", "POST")) == 3


def test_a_report_by_days_needs_days(api: GraphApi) -> None:
    request = request_for("campaign_performance", FIELDS, days(1))

    with pytest.raises(Refused, match="name a window"):
        list(CONNECTOR.read(access_to(api), replace(request, window=None)))
