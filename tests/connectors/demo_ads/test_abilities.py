"""What Demo Ads' connector offers beside reading: field checks, options, renewal, a wide report."""

from dataclasses import replace
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork, consented
from fakes.journal import RecordingJournal
from headrace.connectors.abilities import (
    ChecksFields,
    OffersOptions,
    OptionsRequest,
    RenewsCredentials,
)
from headrace.connectors.contract import Access, Account, ReadRequest
from headrace.connectors.sources.demo_ads import CONNECTOR
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Reauthorize, Refused, TryLater

ACCOUNT = Account(
    "demo-1005", "Southern Cross Surf", "AUD", "Australia/Sydney", {"campaigns": 12, "ads": 120}
)
DAYS = DayRange(date(2026, 11, 10), date(2026, 11, 11))


def read(network: AdsNetwork, report: str, fields: str, **settings: Any) -> list[dict[str, Any]]:
    names = fields.split()
    request = ReadRequest(ACCOUNT, report, names, DAYS, RecordingJournal(), settings)
    return [row for batch in CONNECTOR.read(network.access(), request) for row in batch.to_pylist()]


def total(rows: list[dict[str, Any]], name: str) -> Any:
    return sum(row[name] for row in rows)


def test_it_says_what_it_offers() -> None:
    assert isinstance(CONNECTOR, ChecksFields)
    assert isinstance(CONNECTOR, OffersOptions)
    assert isinstance(CONNECTOR, RenewsCredentials)


@pytest.mark.parametrize(
    ("dimensions", "distinct"),
    [
        ("", 1),
        ("campaign_id", 12),
        ("campaign_id device", 36),
        ("country", 3),
        ("ad_format", 4),
        ("campaign_id ad_id ad_name", 120),
    ],
)
def test_the_wide_report_groups_by_the_dimensions_chosen(
    network: AdsNetwork, dimensions: str, distinct: int
) -> None:
    rows = read(
        network, "custom", f"date {dimensions} impressions clicks spend conversions revenue"
    )
    names = ["date", *dimensions.split()]
    keys = [tuple(row[name] for name in names) for row in rows]
    assert len(set(keys)) == len(keys)
    assert len({key[1:] for key in keys}) == distinct
    campaigns = read(
        network,
        "campaign_performance",
        "date campaign_id impressions clicks spend conversions revenue",
    )
    for name in ("impressions", "clicks", "spend", "conversions", "revenue"):
        assert total(rows, name) == total(campaigns, name), name


@pytest.mark.parametrize(
    ("fields", "says"),
    [
        ("date device country spend", "device and country cannot be combined"),
        ("date country reach", "reach is not counted by country"),
        ("date landing_page_url spend", "landing_page_url is reported together with ad_id only"),
        ("date campaign_id", "at least one metric"),
    ],
)
def test_the_network_refuses_what_does_not_go_together(
    network: AdsNetwork, fields: str, says: str
) -> None:
    with pytest.raises(Refused, match=says):
        CONNECTOR.check_fields(network.access(), None, "custom", fields.split(), {})
    with pytest.raises(Refused, match=says):
        read(network, "custom", fields)


def test_everything_goes_together_elsewhere(network: AdsNetwork) -> None:
    for report, fields in (
        ("custom", "date device spend"),
        ("ad_performance", "date ad_name reach"),
        ("account_snapshot", "status"),
    ):
        CONNECTOR.check_fields(network.access(), ACCOUNT, report, fields.split(), {})


def test_conversions_are_those_of_the_actions_chosen(network: AdsNetwork) -> None:
    request = OptionsRequest(ACCOUNT, "campaign_performance", "conversion_actions")
    options = list(CONNECTOR.options(network.access(), request))
    assert [item.value for item in options][:2] == ["purchase", "sign_up"]
    assert len({item.value for item in options}) == len(options) >= 6
    fields = "date campaign_id conversions revenue spend"
    every = read(network, "campaign_performance", fields)
    some = read(network, "campaign_performance", fields, conversion_actions=["purchase"])
    chosen = [item.value for item in options]
    all_chosen = read(network, "campaign_performance", fields, conversion_actions=chosen)
    assert all_chosen == every
    assert 0 < total(some, "conversions") < total(every, "conversions")
    assert total(some, "spend") == total(every, "spend")


def test_an_action_of_another_account_is_refused(network: AdsNetwork) -> None:
    with pytest.raises(Refused, match="nobody"):
        read(network, "campaign_performance", "date campaign_id", conversion_actions=["nobody"])


def holding(network: AdsNetwork, credentials: Any) -> Access:
    return replace(network.access(), credentials=credentials)


def test_a_refresh_token_renews_once_and_rotates(network: AdsNetwork) -> None:  # S63
    before = consented(network)
    renewal = CONNECTOR.renew(holding(network, before))
    assert renewal is not None
    assert renewal.credentials["refresh_token"] != before["refresh_token"]
    assert renewal.expires_at is not None
    assert renewal.expires_at - clock.now() <= timedelta(hours=1)
    assert list(CONNECTOR.accounts(holding(network, renewal.credentials)))
    assert CONNECTOR.renew(holding(network, renewal.credentials)) is None
    with clock.shifted(timedelta(minutes=55)):
        assert CONNECTOR.renew(holding(network, renewal.credentials)) is not None
    with pytest.raises(Reauthorize, match="used before"):
        CONNECTOR.renew(holding(network, before))


def test_without_a_refresh_token_there_is_nothing_to_renew(network: AdsNetwork) -> None:
    assert CONNECTOR.renew(network.access()) is None


def test_money_stays_exact_when_it_is_broken_down(network: AdsNetwork) -> None:
    rows = read(network, "custom", "date device spend")
    assert all(row["spend"].as_tuple().exponent == -9 for row in rows)
    assert total(rows, "spend") % Decimal("0.01") == 0


def test_revoked_tokens_open_nothing(network: AdsNetwork) -> None:  # S64
    access = replace(network.access(), credentials=consented(network))

    CONNECTOR.revoke(access)

    with pytest.raises(Reauthorize):
        CONNECTOR.check(access)
    with pytest.raises(Reauthorize):
        CONNECTOR.renew(access)


def test_a_network_that_keeps_a_token_is_not_believed(network: AdsNetwork) -> None:
    network.answer_next("/oauth/revoke", 1, 503)

    with pytest.raises(TryLater, match="did not take"):
        CONNECTOR.revoke(network.access("a token"))
