"""The tables of automated recipes hold what the platforms say, to the last digit."""

from decimal import Decimal
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.advertisers import FIGURES, FIRST_DAY, Advertiser, network_totals
from fakes.graph_api import TOKEN, GraphApi

DAYS = [f"2026-11-{day}" for day in range(10, 20)]
META_ROWS = [
    {
        "date_start": "2026-11-12",
        "date_stop": "2026-11-12",
        "campaign_id": "120000000000000001",
        "campaign_name": 'Winter\'s "sale"; --',
        "account_currency": "CHF",
        "spend": "10.07",
        "impressions": "1000",
        "clicks": "12",
        "actions": [{"action_type": "omni_purchase", "value": "3"}],
        "action_values": [{"action_type": "omni_purchase", "value": "99.990001"}],
    },
    {
        "date_start": "2026-11-13",
        "date_stop": "2026-11-13",
        "campaign_id": "120000000000000001",
        "campaign_name": 'Winter\'s "sale"; --',
        "account_currency": "CHF",
        "spend": "0.1",
        "impressions": "7",
        "clicks": "0",
    },
]


def summed(rows: list[dict[str, Any]]) -> dict[str, Decimal]:
    return {name: sum((Decimal(str(row[name])) for row in rows), Decimal(0)) for name in FIGURES}


@pytest.fixture
def both(advertiser: Advertiser, graph: GraphApi) -> list[dict[str, Any]]:
    """Accounts of two platforms: of three currencies."""
    graph.add_rows("111", "campaign", META_ROWS)
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    return [
        advertiser.choice("demo_ads", "demo-1001", "demo-1002"),
        advertiser.choice("facebook", "111"),
    ]


def test_campaigns_of_all_platforms_are_what_the_platforms_say(
    advertiser: Advertiser, network: AdsNetwork, both: list[dict[str, Any]]
) -> None:
    recipe = advertiser.create(*both)
    assert recipe["state"] == "Extracting Data"
    advertiser.workspace.run_everything()
    rows = advertiser.rows(recipe)
    assert {row["datasource"] for row in rows} == {"demo_ads", "facebook"}
    for account, currency in (("demo-1001", "EUR"), ("demo-1002", "USD")):
        for day in DAYS:
            here = [row for row in rows if (row["account_id"], row["date"]) == (account, day)]
            told = network_totals(network, account, day)
            assert len(here) == told.pop("rows")
            assert summed(here) == told, (account, day)
            assert {row["currency"] for row in here} == {currency}
            assert len({row["campaign_id"] for row in here}) == len(here)
    assert {row["date"] for row in rows} <= set(DAYS)  # none before the first day
    meta = sorted((row for row in rows if row["account_id"] == "111"), key=lambda row: row["date"])
    assert [row["spend"] for row in meta] == ["10.07", "0.1"]
    assert [row["revenue"] for row in meta] == ["99.990001", "0"]
    assert [row["conversions"] for row in meta] == ["3", "0"]  # none told is none made
    assert {row["currency"] for row in meta} == {"CHF"}
    assert {row["campaign_name"] for row in meta} == {'Winter\'s "sale"; --'}
    assert {row["account_name"] for row in meta} == {"Meta shop"}


def test_totals_add_up_by_account_and_day_and_never_over_currencies(
    advertiser: Advertiser, network: AdsNetwork, both: list[dict[str, Any]]
) -> None:
    recipe = advertiser.create(*both, template_id="2", title="Totals")
    advertiser.workspace.run_everything()
    rows = advertiser.rows(recipe)
    keys = [(row["account_id"], row["date"]) for row in rows]
    assert len(set(keys)) == len(keys) == 2 * len(DAYS) + 2
    for row in rows:
        if row["datasource"] == "demo_ads":
            told = network_totals(network, row["account_id"], row["date"])
            assert row["campaigns"] == told.pop("rows")
            assert summed([row]) == told
    by_account = {row["account_id"]: row["currency"] for row in rows}
    assert by_account == {"demo-1001": "EUR", "demo-1002": "USD", "111": "CHF"}


def test_freshness_tells_of_every_table_and_account(advertiser: Advertiser) -> None:
    account = advertiser.accounts("demo_ads")["demo-1001"]
    template = advertiser.workspace.get(
        "/api/v3/datasources/demo_ads/extract-templates", search="Account today"
    )["results"][0]["id"]
    body = {"data_table_title": "Snapshots", "template_id": template, "accounts": [account]}
    advertiser.workspace.post("/api/v3.1/extracts/", body)
    recipe = advertiser.create(
        advertiser.choice("demo_ads", "demo-1001", "demo-1002"), template_id=3
    )
    # What is extracted already is watched; what is not is extracted for it.
    assert len(advertiser.extracts()) == 2
    advertiser.workspace.run_everything()
    rows = {(row["account_id"], row["data_table"]): row for row in advertiser.rows(recipe)}
    assert rows.keys() == {("demo-1001", "Snapshots"), ("demo-1002", "Demo Ads: paid media")}
    snapshot = rows["demo-1001", "Snapshots"]
    assert (snapshot["newest_day"], snapshot["days_behind"], snapshot["rows"]) == (None, None, 1)
    daily = rows["demo-1002", "Demo Ads: paid media"]
    assert (daily["newest_day"], daily["days_behind"]) == ("2026-11-19", 1)
    assert 0 < daily["rows_last_7_days"] < daily["rows"]
    by_account = {one["account_id"]: one["last_sync"] for one in advertiser.extracts()}
    assert {row["account_id"]: row["last_sync"] for row in rows.values()} == by_account


def test_an_account_removed_leaves_and_one_added_comes(
    advertiser: Advertiser, network: AdsNetwork
) -> None:
    recipe = advertiser.create(advertiser.choice("demo_ads", "demo-1001", "demo-1002"))
    advertiser.workspace.run_everything()
    changed = advertiser.update(
        recipe, connections=[advertiser.choice("demo_ads", "demo-1002", "demo-1003")]
    )
    assert changed["state"] == "Extracting Data"
    assert changed["sync_from_date"] == FIRST_DAY
    advertiser.workspace.run_everything()
    detail = advertiser.detail(recipe)
    assert detail["state"] == "Active"
    (connection,) = detail["connections"]
    assert connection["connection_data_source"] == "demo_ads"
    assert [one["account_id"] for one in connection["accounts"]] == ["demo-1002", "demo-1003"]
    rows = advertiser.rows(recipe)
    assert {row["account_id"] for row in rows} == {"demo-1002", "demo-1003"}
    told = network_totals(network, "demo-1003", "2026-11-15")
    here = [row for row in rows if (row["account_id"], row["date"]) == ("demo-1003", "2026-11-15")]
    assert told.pop("rows") == len(here)
    assert summed(here) == told
    statuses = {one["account_id"]: one["status"] for one in advertiser.extracts()}
    assert statuses == {"demo-1001": "paused", "demo-1002": "synced", "demo-1003": "synced"}
