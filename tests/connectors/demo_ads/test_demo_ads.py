"""Demo Ads beyond the contract: ordered reports, limits, retries, loops, totals."""

from collections.abc import Iterator
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from email.utils import format_datetime

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pytest

from contract.connector_cases import ConnectorCase, Reading, read
from fakes.ads_network import NOW, AdsNetwork, demo_token, running_network
from fakes.journal import RecordingJournal
from headrace.connectors.contract import Account, BadValues, ReadRequest
from headrace.connectors.sources.demo_ads import CONNECTOR
from headrace.connectors.sources.demo_ads.calls import retry_after_seconds
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Reauthorize, Refused, SlowDown, TryLater

DAY = DayRange(date(2026, 11, 10), date(2026, 11, 10))
MONTH = DayRange(date(2026, 10, 20), date(2026, 11, 18))
FIELDS = ("date", "campaign_id", "ad_id", "clicks", "spend", "conversions", "revenue")
LARGE = 6_000


@pytest.fixture
def network() -> Iterator[AdsNetwork]:
    with running_network() as running:
        yield running


@pytest.fixture
def case(network: AdsNetwork) -> ConnectorCase:
    access = network.access(include_misbehaving=True, rows_per_day=LARGE)
    return ConnectorCase(access, [], wait=network.let_pass)


def rows_of(account: str, window: DayRange = DAY, report: str = "ad_performance") -> Reading:
    return Reading(account, report, FIELDS if report == "ad_performance" else FIELDS[:2], window)


def table(batches: list[pa.RecordBatch]) -> pa.Table:
    return pa.Table.from_batches(batches)


def direct(case: ConnectorCase, account: str, journal: RecordingJournal, window: DayRange = DAY):
    """One attempt as a worker makes it: what is raised is raised."""
    item = {"ads": 40, "campaigns": 8} if account.startswith("demo") else {}
    request = ReadRequest(
        Account(account, account, item=item), "ad_performance", FIELDS, window, journal
    )
    return list(CONNECTOR.read(case.access, request))


@pytest.mark.parametrize("account", ["demo-1004", f"huge-{LARGE}", "demo-restating", "demo-slow"])
def test_rows_add_up_to_the_totals_of_the_network(network, case, account):
    rows = table(read(CONNECTOR, case, rows_of(account)))
    query = {"level": "ad", "date_from": str(DAY.first), "date_to": str(DAY.last)}
    headers = {"Authorization": f"Bearer {demo_token(network)}"}
    url = f"{network.base_url}/v1/accounts/{account}/totals"
    told = msgspec.json.decode(
        case.access.http.request("GET", url, query=query, headers=headers).data
    )
    assert rows.num_rows == told["rows"] > 0
    for name in ("clicks", "conversions", "spend", "revenue"):
        assert pc.sum(rows[name]).as_py() == Decimal(told[name])


def test_small_windows_are_read_at_once_and_large_ones_ordered(network, case):
    read(CONNECTOR, case, rows_of("demo-1001"))
    assert network.asked("POST /v1/accounts") == 0
    read(CONNECTOR, case, rows_of(f"huge-{LARGE}"))
    assert network.asked("POST /v1/accounts") == 1


def test_a_report_is_found_again_after_a_crash(network, case):  # F01
    whole = table(read(CONNECTOR, case, rows_of(f"huge-{LARGE}")))
    journal = RecordingJournal(on_pause=network.let_pass)
    request = ReadRequest(Account(f"huge-{LARGE}", "Huge"), "ad_performance", FIELDS, DAY, journal)
    orders = network.asked("POST /v1/accounts")
    first = next(iter(CONNECTOR.read(case.access, request)))  # and here the worker dies
    assert 0 < first.num_rows < LARGE
    assert table(list(CONNECTOR.read(case.access, request))).equals(whole)
    assert network.asked("POST /v1/accounts") == orders + 1


def test_a_bookmark_of_another_question_is_not_used(network, case):
    journal = RecordingJournal(on_pause=network.let_pass)
    direct(case, f"huge-{LARGE}", journal)
    other = DayRange(date(2026, 11, 9), date(2026, 11, 9))
    days = table(direct(case, f"huge-{LARGE}", journal, other))["date"]
    assert set(days.to_pylist()) == {other.first}
    assert network.asked("POST /v1/accounts") == 2


def test_an_expired_report_is_ordered_again(network, case):  # F06
    journal = RecordingJournal(on_pause=network.let_pass)
    direct(case, f"huge-{LARGE}", journal)
    network.let_pass(25 * 3600)
    assert table(direct(case, f"huge-{LARGE}", journal)).num_rows == LARGE
    assert journal.retries == ["report expired"]


def test_a_report_failing_at_99_percent_is_ordered_until_it_is_made(network, case):  # F06
    journal = RecordingJournal()
    rows = read(CONNECTOR, case, rows_of("demo-failing"), journal=journal)
    assert table(rows).num_rows > 0
    assert journal.retries.count("report failed") == 2
    assert network.asked("POST /v1/accounts") == 3


def test_a_stuck_report_frees_the_worker_and_is_given_up_in_the_end(network, case):  # F06
    journal = RecordingJournal(on_pause=network.let_pass)
    with pytest.raises(SlowDown) as slow:
        direct(case, "demo-stuck", journal)
    assert "0 %" in str(slow.value)
    assert sum(journal.pauses) <= 15
    network.let_pass(slow.value.after_seconds)
    with pytest.raises(SlowDown):
        direct(case, "demo-stuck", journal)
    assert network.asked("POST /v1/accounts") == 1
    network.let_pass(1800)
    with pytest.raises(TryLater, match="0 % after"):
        direct(case, "demo-stuck", journal)
    with pytest.raises(SlowDown):
        direct(case, "demo-stuck", journal)
    assert network.asked("POST /v1/accounts") == 2


def test_a_short_limit_is_waited_for_and_a_long_one_frees_the_worker(network, case):  # F04
    journal = RecordingJournal(on_pause=network.let_pass)
    network.set_clock(datetime(2026, 11, 20, 12, 0, 0, 500_000, tzinfo=UTC))
    assert table(direct(case, "demo-limited", journal)).num_rows > 0
    assert journal.retries.count("rate limited") >= 1
    with pytest.raises(SlowDown) as slow:
        direct(case, "demo-limited-long", journal)
    assert 5 < slow.value.after_seconds <= 30
    network.let_pass(slow.value.after_seconds + 0.1)
    assert table(direct(case, "demo-limited-long", journal)).num_rows > 0


def test_a_limit_that_never_ends_frees_the_worker(network, case):
    network.answer_next("/report", 1000, 429, headers=(("Retry-After", "1"),))
    journal = RecordingJournal(on_pause=network.let_pass)
    with pytest.raises(SlowDown):
        direct(case, "demo-1001", journal)
    assert len(journal.pauses) <= 20


@pytest.mark.parametrize(
    ("header", "seconds"),
    [
        ("7", 7),
        (format_datetime(NOW + timedelta(seconds=90), usegmt=True), 90),
        (format_datetime(NOW - timedelta(seconds=90), usegmt=True), 0),
        (None, 60),
        ("", 60),
        ("soon", 60),
        ("-5", 60),
        ("99999999999", 60),
    ],
)
def test_retry_after_is_read_in_every_form(header, seconds):  # F04
    with clock.shifted(NOW - clock.now()):
        assert retry_after_seconds(header) == pytest.approx(seconds, abs=1)


@pytest.mark.parametrize("status", [500, 502, 503, 408])
def test_passing_faults_are_retried_a_bounded_number_of_times(network, case, status):
    journal = RecordingJournal()
    network.answer_next("/report", 3, status)
    assert table(direct(case, "demo-1001", journal)).num_rows > 0
    assert len(journal.retries) == 3
    network.answer_next("/report", 1000, status)
    with pytest.raises(TryLater, match=str(status)):
        direct(case, "demo-1001", journal)
    assert network.asked("/report") == 4 + 4


def test_pages_that_are_cut_off_are_read_again(network, case):  # F05
    journal = RecordingJournal()
    network.cut_next("/report", 2)
    whole = table(direct(case, "demo-1001", RecordingJournal()))
    network.cut_next("/report", 2)
    assert table(direct(case, "demo-1001", journal)).equals(whole)
    assert len(journal.retries) == 2


def test_an_unreachable_network_is_tried_later(case, network):
    access = network.access()
    closed = type(access)(**{**vars(access), "base_url": "http://127.0.0.1:9"})
    with pytest.raises(TryLater, match="connection broke"):
        CONNECTOR.check(closed)


def test_a_host_that_is_not_allowed_is_refused(network):  # S79
    access = network.access()
    elsewhere = type(access)(**{**vars(access), "base_url": "http://169.254.169.254"})
    with pytest.raises(Refused, match="metadata"):
        CONNECTOR.check(elsewhere)


def test_a_redirect_is_not_followed(network, case):  # S75
    network.answer_next("/v1/accounts", 1, 302, headers=(("Location", "http://127.0.0.1:9/"),))
    with pytest.raises(Refused, match="redirect"):
        CONNECTOR.check(case.access)


def test_an_answer_of_another_shape_is_refused(network, case):  # S98
    network.answer_next("/v1/accounts", 1, 200, body=b'{"data": "none"}')
    with pytest.raises(Refused, match="unknown shape"):
        CONNECTOR.check(case.access)


def test_empty_pages_with_a_next_link_are_followed_but_not_for_ever(network, case):  # F07
    def empty(cursor: int) -> bytes:
        return b'{"data": [], "next_cursor": "%d"}' % cursor

    for number in range(3):
        network.answer_next("/report", 1, 200, body=empty(number))
    network.answer_next("/report", 1, 200, body=b'{"data": [{"date": "2026-11-10"}]}')
    assert table(direct(case, "demo-1001", RecordingJournal())).num_rows == 1

    for number in range(100):
        network.answer_next("/report", 1, 200, body=empty(number))
    with pytest.raises(TryLater, match="empty pages"):
        direct(case, "demo-1001", RecordingJournal())


def test_rows_of_other_days_are_left_out(network, case):
    body = b'{"data": [{"date": "2026-11-10", "clicks": "1"}, {"date": "2026-11-11"}, {}]}'
    network.answer_next("/report", 1, 200, body=body)
    rows = table(direct(case, "demo-1001", RecordingJournal()))
    assert rows["clicks"].to_pylist() == [1]


def test_a_demo_token_that_ends_in_the_middle_is_replaced_once(network, case):  # F08
    unauthorized = b'{"error": {"code": "invalid_token", "message": "expired."}}'
    journal = RecordingJournal(on_pause=network.let_pass)
    request = ReadRequest(Account(f"huge-{LARGE}", "Huge"), "ad_performance", FIELDS, DAY, journal)
    batches = CONNECTOR.read(case.access, request)
    rows = next(batches).num_rows
    network.answer_next("/rows", 1, 401, body=unauthorized)
    assert rows + sum(batch.num_rows for batch in batches) == LARGE
    assert network.asked("POST /oauth/token") == 2

    network.answer_next("/rows", 2, 401, body=unauthorized)
    with pytest.raises(Reauthorize):
        list(CONNECTOR.read(case.access, request))


def test_a_demo_token_that_ends_before_its_first_use_is_replaced_too(network, case):  # F08
    unauthorized = b'{"error": {"code": "invalid_token", "message": "expired."}}'
    network.answer_next("/report", 1, 401, body=unauthorized)
    assert table(direct(case, "demo-1001", RecordingJournal())).num_rows
    assert network.asked("POST /oauth/token") == 2


def test_a_given_token_that_ends_asks_for_the_person(network):
    token = demo_token(network)
    access = network.access(token)
    CONNECTOR.check(access)
    network.let_pass(3601)
    with pytest.raises(Reauthorize) as refusal:
        CONNECTOR.check(access)
    assert token not in str(refusal.value)


def test_accounts_follow_the_settings(network):
    def ids(**settings: object) -> list[str]:
        return [account.remote_id for account in CONNECTOR.accounts(network.access(**settings))]

    assert ids() == [f"demo-100{number}" for number in range(1, 6)]
    assert len(ids(include_misbehaving=True)) == 5 + 12 + 1
    assert ids(rows_per_day=123)[-1] == "huge-123"
    with pytest.raises(Refused, match="rows a day"):
        ids(rows_per_day=10**9)


def test_drift_gives_nulls_for_a_vanished_field_and_counts_what_no_longer_fits(case):  # F10
    window = DayRange(date(2026, 11, 14), date(2026, 11, 15))
    fields = ("date", "campaign_id", "ad_id", "shares", "link_clicks")
    reading = Reading("demo-drifting", "ad_performance", fields, window)
    journal = RecordingJournal()
    rows = table(read(CONNECTOR, case, reading, BadValues.NULL_AND_COUNT, journal))
    before = rows.filter(pc.equal(rows["date"], pa.scalar(window.first)))
    after = rows.filter(pc.equal(rows["date"], pa.scalar(window.last)))
    assert before.num_rows > 0
    assert before["shares"].null_count == before["link_clicks"].null_count == 0
    assert after["shares"].null_count == after["link_clicks"].null_count == after.num_rows > 0
    assert {bad.column for bad in journal.bad_values} == {"link_clicks"}
    assert len(journal.bad_values) == after.num_rows


def test_row_numbers_go_on_over_batches(case):
    journal = RecordingJournal()
    reading = rows_of("demo-bad-number", DayRange(date(2026, 8, 22), date(2026, 11, 19)))
    rows = table(read(CONNECTOR, case, reading, BadValues.NULL_AND_COUNT, journal))
    assert rows.num_rows > 3_000
    spoiled = [index + 1 for index, spend in enumerate(rows["spend"].to_pylist()) if spend is None]
    assert [bad.row_number for bad in journal.bad_values] == spoiled


def test_conversions_grow_for_three_days_then_stand(network, case):
    day = DayRange(date(2026, 11, 19), date(2026, 11, 19))
    seen = []
    for _ in range(6):
        seen.append(pc.sum(table(read(CONNECTOR, case, rows_of("demo-1005", day)))["conversions"]))
        network.let_pass(24 * 3600)
    counts = [value.as_py() for value in seen]
    assert counts[0] < counts[1] < counts[2]
    assert counts[2] == counts[3] == counts[5]


def test_settled_days_lose_rows_where_the_account_restates(network, case):  # F11
    day = DayRange(date(2026, 11, 19), date(2026, 11, 19))
    early = table(read(CONNECTOR, case, rows_of("demo-restating", day)))
    network.let_pass(3 * 24 * 3600)
    late = table(read(CONNECTOR, case, rows_of("demo-restating", day)))
    assert set(late["ad_id"].to_pylist()) < set(early["ad_id"].to_pylist())


def test_a_report_by_days_needs_a_window(case):
    request = ReadRequest(
        Account("demo-1001", "A"), "ad_performance", FIELDS, None, RecordingJournal()
    )
    with pytest.raises(Refused, match="window"):
        list(CONNECTOR.read(case.access, request))


def test_an_answer_without_a_length_or_with_a_huge_one_is_bounded(network, case):  # S98
    lots = b" " * (65 * 1024 * 1024)
    for headers in ((), (("Content-Length", str(len(lots))),)):
        network.answer_next("/v1/accounts", 1, 200, body=lots, headers=headers)
        with pytest.raises(Refused, match="larger than 64 MB"):
            CONNECTOR.check(case.access)
