"""What Meta is asked for a choice of fields and settings."""

import json
from collections.abc import Sequence
from datetime import date
from typing import Any

import pytest

from connectors.facebook.asking import days
from headrace.connectors.sources.facebook.catalogue import Level
from headrace.connectors.sources.facebook.plan import (
    InsightsPlan,
    chooses_async,
    plan_insights,
    refuse_forgotten,
)
from headrace.connectors.sources.facebook.reports import SHAPES
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused


def planned(report: str, fields: Sequence[str], **settings: Any) -> InsightsPlan:
    return plan_insights(SHAPES[report], fields, settings)


@pytest.mark.parametrize(
    ("level", "day_count", "breakdowns", "is_async"),
    [
        (Level.ACCOUNT, 1, (), False),
        (Level.CAMPAIGN, 1, (), False),
        (Level.ACCOUNT, 2, (), True),
        (Level.CAMPAIGN, 30, (), True),
        (Level.ADSET, 1, (), True),
        (Level.AD, 1, (), True),
        (Level.CAMPAIGN, 1, ("country",), True),
    ],
)
def test_little_is_read_at_once_and_much_as_a_report(
    level: Level, day_count: int, breakdowns: tuple[str, ...], is_async: bool
) -> None:
    assert chooses_async(level, day_count, breakdowns) is is_async


@pytest.mark.parametrize(
    ("fields", "level"),
    [
        (["date_start", "impressions"], "account"),
        (["date_start", "campaign_name"], "campaign"),
        (["date_start", "objective", "country"], "campaign"),
        (["campaign_id", "optimization_goal"], "adset"),
        (["quality_ranking"], "ad"),
        (["ad_id", "campaign_id"], "ad"),
    ],
)
def test_the_deepest_object_picked_is_the_level_of_a_wide_report(
    fields: list[str], level: str
) -> None:
    assert planned("wide", fields).parameters["level"] == level


def test_a_plain_question() -> None:
    plan = planned("campaign_performance", ["date_start", "campaign_name", "spend"])

    assert plan.parameters_for(days(2)) == {
        "level": "campaign",
        "fields": "campaign_id,date_start,campaign_name,spend",
        "time_increment": "1",
        "time_range": '{"since":"2026-10-01","until":"2026-10-02"}',
    }


def test_breakdowns_are_asked_for_as_such_and_not_as_fields() -> None:
    plan = planned("wide", ["date_start", "gender", "age", "impressions"])

    assert plan.parameters["breakdowns"] == "age,gender"
    assert plan.parameters["fields"] == "account_id,date_start,impressions"


def test_action_fields_ask_for_their_lists_once_and_for_their_windows() -> None:
    plan = planned(
        "ad_performance",
        ["actions:purchase:7d_click", "actions:lead", "action_values:purchase:1d_view"],
        attribution_windows=["account_default", "28d_click"],
        action_report_time="conversion",
    )

    assert plan.parameters["fields"] == "ad_id,actions,action_values"
    assert json.loads(plan.parameters["action_attribution_windows"]) == [
        "28d_click",
        "7d_click",
        "1d_view",
    ]
    assert plan.parameters["use_account_attribution_setting"] == "true"
    assert plan.parameters["action_report_time"] == "conversion"
    assert plan.parameters["action_breakdowns"] == "action_type"


def test_without_action_fields_nothing_is_said_about_attribution() -> None:
    plan = planned("account_performance", ["spend"], attribution_windows=["7d_click"])

    assert not [name for name in plan.parameters if "action" in name or "attribution" in name]


def test_statuses_become_a_filter_of_the_level() -> None:
    plan = planned("wide", ["adset_id", "spend"], effective_statuses=["ACTIVE", "DELETED"])

    assert json.loads(plan.parameters["filtering"]) == [
        {
            "field": "adset.effective_status",
            "operator": "IN",
            "value": ["ACTIVE", "DELETED"],
        }
    ]


@pytest.mark.parametrize(
    ("report", "fields", "settings", "message"),
    [
        ("campaign_performance", ["nonsense"], {}, "has no field 'nonsense'"),
        ("campaign_performance", ["ad_id"], {}, "has no field 'ad_id'"),
        ("wide", ["actions:"], {}, "has no field 'actions:'"),
        ("wide", ["dma"], {}, "has no field 'dma'"),
        ("wide", ["age", "country"], {}, "does not combine"),
        ("wide", ["spend"], {"effective_statuses": ["ACTIVE"]}, "clear the setting"),
        ("wide", ["spend"], {"effective_statuses": ["GONE"]}, "no choice 'GONE'"),
        (
            "wide",
            ["spend"],
            {"attribution_windows": ["7d_view"], "effective_statuses": []},
            "no choice '7d_view'",
        ),
        (
            "wide",
            ["purchase_roas:omni_purchase"],
            {"attribution_windows": ["7d_click", "1d_view"]},
            "cannot combine",
        ),
    ],
)
def test_what_does_not_fit_is_refused_before_meta_is_asked(
    report: str, fields: list[str], settings: dict[str, Any], message: str
) -> None:
    with pytest.raises(Refused, match=message):
        planned(report, fields, **settings)


@pytest.mark.parametrize(
    ("today", "first", "is_refused"),
    [
        (date(2026, 11, 21), date(2025, 10, 21), False),
        (date(2026, 11, 21), date(2025, 10, 20), True),
        (date(2026, 3, 31), date(2025, 3, 2), True),
        (date(2026, 3, 31), date(2025, 3, 3), False),
    ],
)
def test_counts_of_people_by_breakdown_are_kept_thirteen_months(
    today: date, first: date, is_refused: bool
) -> None:
    plan = planned("wide", ["country", "reach"])
    window = DayRange(first, first)

    if is_refused:
        with pytest.raises(Refused, match="reach broken down by country for 13 months"):
            refuse_forgotten(plan, window, today)
    else:
        refuse_forgotten(plan, window, today)
    refuse_forgotten(planned("wide", ["reach"]), window, today)
    refuse_forgotten(planned("wide", ["country", "spend"]), window, today)


def test_lists_that_count_people_are_kept_thirteen_months_too() -> None:
    plan = planned("wide", ["country", "cost_per_unique_action_type:lead"])

    with pytest.raises(Refused, match="cost_per_unique_action_type:lead broken down by country"):
        refuse_forgotten(plan, days(1, date(2025, 1, 1)), date(2026, 11, 21))


def test_plans_that_ask_for_the_same_share_a_digest() -> None:
    one = planned("wide", ["campaign_id", "spend"])
    same = planned("wide", ["campaign_id", "spend"], effective_statuses=[])
    other = planned("wide", ["campaign_id", "clicks"])

    assert one.digest() == same.digest() != other.digest()
