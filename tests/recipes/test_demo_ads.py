"""A recipe over the demo network's accounts, from their extraction to a load of what it built."""

from decimal import Decimal
from typing import Any

import pytest

from fakes.ads_network import AdsNetwork
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.kitchens import Kitchen
from headrace.settings import Settings

SINCE = "2026-11-10"


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork) -> Settings:
    """Settings under which Demo Ads is that network."""
    return settings.model_copy(update={"base_urls": {"demo_ads": network.base_url}})


def extract(workspace: WorkspaceFake, title: str) -> int:
    """Extract two accounts into a table; returns its id."""
    source = "/api/v3/datasources/demo_ads"
    made = workspace.post(f"{source}/connections", {"settings": {}})
    accounts = workspace.get(f"/api/v3/connections/{made['id']}/accounts")["results"]
    chosen = [one["id"] for one in accounts if one["account_id"] in ("demo-1001", "demo-1002")]
    listed = workspace.get(f"{source}/extract-templates")["results"]
    template_id = next(one["id"] for one in listed if one["title"] == "Campaigns by day")
    body = {
        "data_table_title": title,
        "template_id": template_id,
        "accounts": chosen,
        "template_settings": {"sync_historical_data": SINCE},
    }
    found: int = workspace.post("/api/v3.1/extracts/", body)[0]["data_table"]["id"]
    workspace.run_everything()
    return found


def all_rows(workspace: WorkspaceFake, table_id: int) -> list[dict[str, Any]]:
    rows: list[dict[str, Any]] = workspace.get(f"/api/v3/data-tables/{table_id}/rows", limit=1000)[
        "rows"
    ]
    return rows


def test_spend_by_account_and_day(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    table = extract(workspace, "Campaigns")
    name = workspace.get(f"/api/v3/data-tables/{table}")["sql_name"]
    report = workspace.get(f"/api/v3/data-tables/{table}")["report_type"]
    kitchen = Kitchen(agency, workspace)
    recipe = kitchen.cook(
        {
            "kind": "conditional_mapping",
            "name": "sized",
            "input": "campaigns",
            "mappings": [
                {
                    "column": "size",
                    "cases": [
                        {
                            "when": [{"column": "spend", "operator": "gte", "value": 100}],
                            "value": "big",
                        }
                    ],
                    "otherwise": "small",
                }
            ],
        },
        {
            "kind": "group_by",
            "name": "days",
            "input": "sized",
            "keys": ["account_id", "account_name", "date", "size"],
            "aggregates": [{"function": "sum", "column": "spend"}],
        },
        {
            "kind": "sql",
            "name": "whole",
            "sql": "SELECT account_id, account_name, date, sum(spend) AS spend, "
            "count(*) FILTER (WHERE size = 'big') AS big FROM days GROUP BY ALL",
        },
        inputs=[{"name": "campaigns", "datasource_name": "demo_ads", "report_type": report}],
        date_column="date",
    )
    built = all_rows(workspace, kitchen.state(recipe)["data_table_id"])
    expected: dict[tuple[str, str], Decimal] = {}
    for row in all_rows(workspace, table):
        key = (row["account_id"], row["date"])
        expected[key] = expected.get(key, Decimal(0)) + Decimal(row["spend"])
    assert {(row["account_id"], row["date"]): Decimal(row["spend"]) for row in built} == expected
    assert len(built) == len(expected) > 10
    assert {row["account_name"] for row in built} == {
        row["account_name"] for row in all_rows(workspace, table)
    }
    assert name == "demo_ads_campaigns"
