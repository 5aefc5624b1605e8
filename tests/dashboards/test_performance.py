"""The performance dashboard's figures are the platforms' own, to the last digit."""

from decimal import Decimal
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.advertisers import FIGURES, Advertiser, network_totals
from fakes.callers import WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi

DAYS = [f"2026-11-{day}" for day in range(10, 20)]
RANGE = {"period": "custom", "date_from": DAYS[0], "date_to": DAYS[-1]}
META_ROWS = [
    {
        "date_start": "2026-11-12",
        "date_stop": "2026-11-12",
        "campaign_id": "120000000000000001",
        "campaign_name": "<script>alert(1)</script>",
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
        "campaign_name": "<script>alert(1)</script>",
        "account_currency": "CHF",
        "spend": "0.1",
        "impressions": "7",
        "clicks": "0",
    },
]
ZERO = Decimal(0)


def performance(workspace: WorkspaceFake, **asked: Any) -> Any:
    """Ask for the dashboard of some days."""
    path = f"/api/v3/workspaces/{workspace.id}/dashboards/performance"
    return workspace.get(path, **(RANGE | asked))


def added(figures: list[dict[str, Any]]) -> dict[str, Decimal]:
    """Add up sums as the API gives them."""
    return {name: sum((Decimal(one[name]) for one in figures), ZERO) for name in FIGURES}


def told(network: AdsNetwork, account: str, days: list[str]) -> dict[str, Decimal]:
    """What the network itself says of an account's days."""
    each = [network_totals(network, account, day) for day in days]
    return {name: sum((one[name] for one in each), ZERO) for name in FIGURES}


@pytest.fixture
def both(advertiser: Advertiser, graph: GraphApi) -> WorkspaceFake:
    """Accounts of two platforms in three currencies, extracted."""
    graph.add_rows("111", "campaign", META_ROWS)
    advertiser.connect("facebook", credentials={"access_token": TOKEN})
    advertiser.create(
        advertiser.choice("demo_ads", "demo-1001", "demo-1002"),
        advertiser.choice("facebook", "111"),
    )
    advertiser.workspace.run_everything()
    return advertiser.workspace


def test_totals_days_channels_and_campaigns_are_what_the_network_says(
    both: WorkspaceFake, network: AdsNetwork
) -> None:
    found = performance(both, currency="EUR", page_size=1000)
    total = told(network, "demo-1001", DAYS)
    assert total["spend"] > 0
    assert added([found["totals"]]) == total
    assert added([one["figures"] for one in found["by_day"]]) == total
    assert added([one["figures"] for one in found["by_channel"]]) == total
    assert added([one["figures"] for one in found["campaigns"]]) == total
    assert [one["date"] for one in found["by_day"]] == DAYS
    for one in found["by_day"]:
        assert added([one["figures"]]) == told(network, "demo-1001", [one["date"]])
    assert len(found["campaigns"]) == found["campaign_count"]


def test_currencies_are_shown_one_at_a_time(both: WorkspaceFake, network: AdsNetwork) -> None:
    found = performance(both)
    spent = {
        "EUR": told(network, "demo-1001", DAYS)["spend"],
        "USD": told(network, "demo-1002", DAYS)["spend"],
        "CHF": Decimal("10.17"),
    }
    assert found["currencies"] == sorted(spent, key=lambda one: -spent[one])
    assert found["currency"] == found["currencies"][0]
    for currency, amount in spent.items():
        of_one = performance(both, currency=currency)
        assert Decimal(of_one["totals"]["spend"]) == amount
    meta = performance(both, currency="CHF")
    assert meta["totals"] == {
        "spend": "10.17",
        "impressions": "1007",
        "clicks": "12",
        "ctr": "0.011916584",
        "cpc": "0.8475",
        "conversions": "3",
        "cpa": "3.39",
        "revenue": "99.990001",
        "roas": "9.831858505",
    }
    (campaign,) = meta["campaigns"]
    assert campaign["campaign_name"] == "<script>alert(1)</script>"
    assert campaign["account_title"] == "Meta shop"
