"""Ratios, days and order, by hand."""

from datetime import date
from decimal import Decimal

import pyarrow as pa
import pytest

from headrace.dashboards.errors import BadFilter
from headrace.dashboards.filters import Comparison, Filters, Period, compared_days, days_asked
from headrace.dashboards.metrics import Metric, Sums, plain, total
from headrace.dashboards.performance import Order, ordered_campaigns
from headrace.kit.days import DayRange

TODAY = date(2024, 3, 31)


def sums(spend: str, impressions: int, clicks: int, conversions: str, revenue: str) -> Sums:
    return Sums(
        Decimal(spend),
        Decimal(impressions),
        Decimal(clicks),
        Decimal(conversions),
        Decimal(revenue),
    )


def test_ratios_are_made_of_sums() -> None:
    added = total([sums("10", 100, 10, "1", "0"), sums("90", 900, 10, "4", "400")])
    assert {name: plain(value) for name, value in added.values().items()} == {
        "spend": "100",
        "impressions": "1000",
        "clicks": "20",
        "ctr": "0.02",  # the mean of both would be 0.056
        "cpc": "5",
        "conversions": "5",
        "cpa": "20",
        "revenue": "400",
        "roas": "4",
    }


def test_nothing_is_divided_by_zero() -> None:
    assert {metric for metric in Metric if Sums().value(metric) is None} == {
        Metric.CTR,
        Metric.CPC,
        Metric.CPA,
        Metric.ROAS,
    }


def test_no_digit_of_a_large_sum_is_lost() -> None:
    large = Decimal("12345678901234567890123456789.123456789")
    assert total([Sums(large), Sums(Decimal("0.000000001"))]).spend == Decimal(
        "12345678901234567890123456789.123456790"
    )


@pytest.mark.parametrize(
    ("period", "first", "last"),
    [
        (Period.LAST_7_DAYS, date(2024, 3, 24), date(2024, 3, 30)),
        (Period.LAST_30_DAYS, date(2024, 3, 1), date(2024, 3, 30)),
        (Period.THIS_MONTH, date(2024, 3, 1), TODAY),
        (Period.LAST_MONTH, date(2024, 2, 1), date(2024, 2, 29)),
    ],
)
def test_periods(period: Period, first: date, last: date) -> None:
    assert days_asked(Filters(period), TODAY) == DayRange(first, last)


def test_what_days_are_compared_with() -> None:
    days = DayRange(date(2024, 2, 28), date(2024, 2, 29))
    before = DayRange(date(2024, 2, 26), date(2024, 2, 27))
    assert compared_days(days, Comparison.PREVIOUS_PERIOD) == before
    year = DayRange(date(2023, 2, 28), date(2023, 2, 28))
    assert compared_days(days, Comparison.PREVIOUS_YEAR) == year
    assert compared_days(days, Comparison.NONE) is None


@pytest.mark.parametrize(
    ("first", "last"),
    [
        (None, None),
        (TODAY, date(2024, 3, 1)),
        (date(2020, 1, 1), TODAY),
        (date(1, 1, 1), date(1, 1, 2)),
    ],
)
def test_days_that_are_none_are_refused(first: date | None, last: date | None) -> None:
    with pytest.raises(BadFilter):
        days_asked(Filters(Period.CUSTOM, first, last), TODAY)


def test_campaigns_without_a_ratio_come_last_either_way() -> None:
    names = ("spend", "impressions", "clicks", "conversions", "revenue")
    rows = [
        ("x", "none", 5, 0, 0, 0, 0),
        ("x", "low", 1, 100, 1, 0, 0),
        ("x", "high", 1, 100, 9, 0, 0),
        ("y", "other", 1, 100, 99, 0, 0),
    ]
    table = pa.table(
        {
            "channel": [row[0] for row in rows],
            "campaign_id": [row[1] for row in rows],
            "account_id": ["a"] * len(rows),
            **{
                name: pa.array([Decimal(row[at]) for row in rows], pa.decimal128(38, 9))
                for at, name in enumerate(names, 2)
            },
        }
    )
    for descending, wanted in (
        (True, ["other", "high", "low", "none"]),
        (False, ["low", "high", "none", "other"]),
    ):
        channels, ordered = ordered_campaigns(table, Order(Metric.CTR, descending))
        assert ordered.column("campaign_id").to_pylist() == wanted
        assert channels["x"].spend == 7
