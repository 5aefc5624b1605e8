"""The network keeps what its documentation says: paging, errors, days, totals, no memory."""

import subprocess
import sys
from collections.abc import Iterator
from datetime import date

import msgspec
import pytest
from starlette.applications import Starlette
from starlette.routing import Mount

from fakes.ads_network import AdsNetwork, demo_token, running_network, serving
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.sandbox.app import create_app
from headrace.sandbox.fields import FIELDS
from headrace.sandbox.figures import NOTHING, PATTERN, figures_of_ads, offset_of, patterns
from headrace.sandbox.network import Misbehaviour, find_account, huge_account
from headrace.sandbox.reports import ReportQuery, page, totals

HTTP = OutboundHttp(OutboundPolicy(frozenset({"127.0.0.1"})))
AS_OF = {"X-As-Of": "2026-11-20"}
DAY = {"date_from": "2026-11-10", "date_to": "2026-11-10"}


@pytest.fixture
def network() -> Iterator[AdsNetwork]:
    with running_network() as running:
        yield running


@pytest.fixture
def ask(network):
    token = demo_token(network)

    def asked(path, query=None, method="GET", form=None, **headers):
        headers = {"Authorization": f"Bearer {token}", **headers}
        url = network.base_url + path
        answer = HTTP.request(method, url, query=query, form=form, headers=headers)
        return answer.status, msgspec.json.decode(answer.data)

    return asked


def all_rows(ask, path, query):
    rows, cursor = [], None
    while True:
        _, answer = ask(path, {**query, "cursor": cursor} if cursor else query, **AS_OF)
        rows += answer["data"]
        cursor = answer["next_cursor"]
        if cursor is None:
            return rows


def test_pages_of_any_size_hold_the_same_rows(ask):
    path, query = "/v1/accounts/demo-1005/report", {"level": "ad", **DAY}
    whole = all_rows(ask, path, {**query, "limit": "1000"})
    assert len(whole) > 100
    assert all_rows(ask, path, {**query, "limit": "7"}) == whole
    assert all_rows(ask, path, query) == whole
    assert tuple(whole[0]) != ()
    assert set(whole[0]) == set(FIELDS["ad"])


def test_values_come_as_vendors_send_them(ask):
    row = all_rows(ask, "/v1/accounts/demo-1001/report", {"level": "ad", **DAY})[0]
    assert isinstance(row["ad_id"], int)
    assert row["ad_id"] > 2**53
    assert isinstance(row["campaign_id"], str)
    assert all(isinstance(row[name], str) for name in ("clicks", "spend", "ctr", "frequency"))
    assert isinstance(row["is_video"], bool)


def test_only_the_fields_asked_for_are_sent(ask):
    query = {"level": "ad", "fields": "spend,date", **DAY}
    rows = all_rows(ask, "/v1/accounts/demo-1001/report", query)
    assert {frozenset(row) for row in rows} == {frozenset({"date", "spend"})}


@pytest.mark.parametrize(
    ("path", "query", "status", "code"),
    [
        ("/v1/accounts/nobody", {}, 404, "account_not_found"),
        ("/v1/accounts/huge-9999999", {}, 404, "account_not_found"),
        ("/v1/accounts/huge-0", {}, 404, "account_not_found"),
        ("/v1/accounts", {"cursor": "x"}, 400, "invalid_cursor"),
        ("/v1/accounts", {"rows_per_day": "many"}, 400, "invalid_rows_per_day"),
        ("/v1/accounts/demo-1001/report", {}, 400, "invalid_dates"),
        ("/v1/accounts/demo-1001/report", {**DAY, "level": "sun"}, 400, "invalid_level"),
        ("/v1/accounts/demo-1001/report", {**DAY, "fields": "x"}, 400, "unknown_field"),
        ("/v1/accounts/demo-1001/report", {**DAY, "limit": "0"}, 400, "invalid_limit"),
        ("/v1/accounts/demo-1001/report", {**DAY, "limit": "1001"}, 400, "invalid_limit"),
        ("/v1/accounts/demo-1001/report", {**DAY, "date_to": "2026-11-09"}, 400, "invalid_dates"),
        ("/v1/accounts/demo-1001/report", {**DAY, "date_from": "2020-01-01"}, 400, "date_out_of_range"),
        ("/v1/accounts/huge-30000/report", {**DAY, "level": "ad"}, 400, "report_too_large"),
        ("/v1/accounts/demo-stuck/report", DAY, 400, "report_too_large"),
        ("/v1/accounts/demo-revoked/report", DAY, 401, "access_revoked"),
        ("/v1/reports/invented", {}, 404, "report_not_found"),
        ("/nowhere", {}, 404, "invalid_request"),
    ],
)  # fmt: skip
def test_errors_have_a_status_and_a_code(ask, path, query, status, code):
    answered, body = ask(path, query, **AS_OF)
    assert (answered, body["error"]["code"]) == (status, code)
    assert body["error"]["message"]


def test_nothing_is_shown_without_a_token(network):
    for path in ("/v1/accounts", "/v1/accounts/demo-1001", "/v1/accounts/demo-1001/report"):
        for headers in ({}, {"Authorization": "Bearer x"}, {"Authorization": "Basic eDp5"}):
            assert HTTP.request("GET", network.base_url + path, headers=headers).status == 401


def test_ids_and_tokens_outlive_the_process(ask, network):
    form = {"level": "ad", **DAY}
    _, report = ask("/v1/accounts/demo-1002/reports", method="POST", form=form, **AS_OF)
    token = demo_token(network)
    network.let_pass(60)
    _, before = ask(f"/v1/reports/{report['id']}/rows")
    with serving(create_app()) as another:
        url = f"{another}/v1/reports/{report['id']}/rows"
        answer = HTTP.request("GET", url, headers={"Authorization": f"Bearer {token}"})
    assert msgspec.json.decode(answer.data) == before
    assert len(before["data"]) > 30


def test_rows_of_an_unfinished_report_are_not_served(ask):
    _, report = ask("/v1/accounts/demo-stuck/reports", method="POST", form=DAY, **AS_OF)
    status, answer = ask(f"/v1/reports/{report['id']}/rows")
    assert (status, answer["error"]["code"]) == (409, "report_not_done")


@pytest.mark.parametrize("level", ["ad", "campaign"])
@pytest.mark.parametrize("kind", [None, "drifting", "restating", "empty"])
def test_totals_equal_the_rows(ask, level, kind):
    account = f"demo-{kind}" if kind else "demo-1004"
    query = {"level": level, "date_from": "2026-11-12", "date_to": "2026-11-21"}
    rows = all_rows(ask, f"/v1/accounts/{account}/report", query)
    _, told = ask(f"/v1/accounts/{account}/totals", query, **AS_OF)
    assert told["rows"] == len(rows)
    assert told["clicks"] == str(sum(int(row["clicks"]) for row in rows))
    cents = sum(round(float(row["spend"]) * 100) for row in rows)
    assert told["spend"] == f"{cents // 100}.{cents % 100:02}"


def test_there_are_no_figures_of_days_to_come(ask):
    query = {"level": "ad", "date_from": "2026-11-20", "date_to": "2026-11-25"}
    days = {row["date"] for row in all_rows(ask, "/v1/accounts/demo-1001/report", query)}
    assert days == {"2026-11-20"}


def test_the_day_asked_on_decides_what_is_settled(ask):
    query = {"level": "ad", **DAY}
    seen = [
        ask("/v1/accounts/demo-1002/totals", query, **{"X-As-Of": f"2026-11-{day}"})[1]
        for day in (11, 12, 13, 14)
    ]
    conversions = [int(told["conversions"]) for told in seen]
    assert conversions[0] < conversions[1] < conversions[2] == conversions[3]
    assert len({told["spend"] for told in seen}) == 1


def test_every_misbehaving_account_is_listed(ask):
    accounts = all_rows(ask, "/v1/accounts", {"include_misbehaving": "true"})
    ids = {account["id"] for account in accounts}
    assert {f"demo-{kind}" for kind in Misbehaviour} < ids
    assert len(ids) == len(accounts)


@pytest.mark.parametrize("rows", [1, 499, 997, 1500, 20_000])
def test_a_huge_account_has_exactly_its_rows(rows):
    account = huge_account(rows)
    window = DayRange(date(2026, 11, 1), date(2026, 11, 3))
    query = ReportQuery(account, "ad", window, ("ad_id",), date(2026, 11, 20))
    assert account.ads == rows
    assert totals(query).rows == 3 * rows
    last = page(query, 3 * rows - 1, 1000)
    assert len(msgspec.json.decode(f"[{last.rows_json}]")) == 1
    assert last.next_position is None


def test_sums_by_arithmetic_equal_sums_by_adding():
    account, day, as_of = find_account("demo-1005"), date(2026, 11, 10), date(2026, 11, 20)
    shown = patterns(account, 3)
    offset = offset_of(account, day)
    for first, ads in ((0, 1), (5, 115), (1000, 50), (0, 3 * PATTERN + 7)):
        added = NOTHING
        for ad in range(first, first + ads):
            added = added.plus(shown[(offset + ad) % PATTERN])
        assert figures_of_ads(account, day, first, ads, as_of)[1:] == added.times(7)[1:]


def test_it_can_be_mounted_below_a_path():
    app = Starlette(routes=[Mount("/sandbox/demo_ads", create_app())])
    with serving(app) as url:
        network = AdsNetwork(f"{url}/sandbox/demo_ads", None)
        token = demo_token(network)
        answer = HTTP.request(
            "GET", f"{network.base_url}/v1/accounts", headers={"Authorization": f"Bearer {token}"}
        )
    assert len(msgspec.json.decode(answer.data)["data"]) == 5


def test_it_runs_alone():
    command = [sys.executable, "-m", "headrace.sandbox", "--port", "0"]
    process = subprocess.Popen(command, stderr=subprocess.PIPE, text=True)
    try:
        line = next(line for line in process.stderr if "running on" in line)
        url = next(word for word in line.split() if word.startswith("http"))
        assert HTTP.request("POST", f"{url}/oauth/token", form={"grant_type": "demo"}).status == 200
    finally:
        process.terminate()
        process.communicate(timeout=30)


def test_custom_reports_page_and_add_up(ask):
    fields = "date,campaign_id,device,clicks,spend"
    path, query = "/v1/accounts/demo-1005/report", {"level": "custom", "fields": fields, **DAY}
    whole = all_rows(ask, path, {**query, "limit": "1000"})
    assert all_rows(ask, path, {**query, "limit": "5"}) == whole
    assert {row["device"] for row in whole} == {"mobile", "desktop", "tablet"}
    _, totals_told = ask("/v1/accounts/demo-1005/totals", query, **AS_OF)
    assert totals_told["rows"] == len(whole)
    assert int(totals_told["clicks"]) == sum(int(row["clicks"]) for row in whole)


def test_huge_accounts_answer_custom_reports_by_arithmetic(ask):
    query = {"level": "custom", "fields": "date,device,spend", **DAY}
    status, answer = ask("/v1/accounts/huge-5000/report", query, **AS_OF)
    assert status == 200
    assert len(answer["data"]) == 3


def test_what_does_not_go_together_is_refused_everywhere(ask):
    query = {"level": "custom", "fields": "date,device,country,spend"}
    _, told = ask("/v1/compatibility", query)
    assert told["compatible"] is False
    status, refusal = ask("/v1/accounts/demo-1001/report", {**query, **DAY}, **AS_OF)
    assert (status, refusal["error"]["message"]) == (400, told["reason"])
    assert ask("/v1/compatibility", {**query, "fields": "date,device,spend"})[1] == {
        "compatible": True,
        "reason": None,
    }


def test_conversion_actions_come_in_pages_and_make_up_all_conversions(ask):
    path = "/v1/accounts/demo-1002/conversion_actions"
    whole = all_rows(ask, path, {"limit": "1000"})
    assert all_rows(ask, path, {"limit": "3"}) == whole
    query = {**DAY, "conversion_actions": ",".join(item["id"] for item in whole)}
    all_chosen, none_chosen = (
        ask("/v1/accounts/demo-1002/totals", chosen, **AS_OF)[1] for chosen in (query, DAY)
    )
    assert all_chosen == none_chosen
    assert int(none_chosen["conversions"]) > 0
    status, refusal = ask("/v1/accounts/demo-1002/totals", {**DAY, "conversion_actions": "x"})
    assert (status, refusal["error"]["code"]) == (400, "unknown_conversion_action")
