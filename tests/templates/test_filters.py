"""Custom filters keep the rows they say, and refuse in words that name the field."""

from datetime import date
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest

from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.outcomes import Refused
from headrace.templates.filters import FilterUnfit, filtered, parse_filters

TYPES = {
    "name": ColumnType.STRING,
    "clicks": ColumnType.INTEGER,
    "spend": ColumnType.DECIMAL,
    "day": ColumnType.DATE,
    "live": ColumnType.BOOLEAN,
}
ROWS = pa.record_batch(
    {
        "name": pa.array(["Brand", "brand 2", None, "Other"]),
        "clicks": pa.array([1, 20, 3, None], ARROW_TYPES[ColumnType.INTEGER]),
        "spend": pa.array([Decimal("0.1"), Decimal(2), None, Decimal(4)],
                          ARROW_TYPES[ColumnType.DECIMAL]),
        "day": pa.array([date(2026, 1, day) for day in (1, 2, 3, 4)]),
        "live": pa.array([True, False, None, True]),
    }
)  # fmt: skip


@pytest.mark.parametrize(
    ("field", "operator", "value", "kept"),
    [
        ("name", "eq", "Brand", [0]),
        ("name", "ne", "Brand", [1, 2, 3]),
        ("name", "eq", None, [2]),
        ("name", "ne", None, [0, 1, 3]),
        ("name", "in", ["Other", None], [2, 3]),
        ("name", "not_in", ["Other", "Brand"], [1, 2]),
        ("name", "contains", "rand", [0, 1]),
        ("name", "contains", "%", []),
        ("name", "not_contains", "rand", [2, 3]),
        ("name", "gt", "Brand", [1, 3]),
        ("clicks", "gt", 3, [1]),
        ("clicks", "gte", "3", [1, 2]),
        ("clicks", "lt", 3, [0]),
        ("clicks", "lte", 3, [0, 2]),
        ("spend", "eq", 0.1, [0]),
        ("spend", "in", ["0.10", 4], [0, 3]),
        ("spend", "gte", "2", [1, 3]),
        ("day", "gt", "2026-01-02", [2, 3]),
        ("live", "eq", True, [0, 3]),
        ("live", "ne", True, [1, 2]),
    ],
)
def test_a_filter_keeps_the_rows_it_says(
    field: str, operator: str, value: Any, kept: list[int]
) -> None:
    filters = parse_filters([{"field": field, "operator": operator, "value": value}], TYPES)
    assert filtered(ROWS, filters).equals(ROWS.take(pa.array(kept, pa.int64())))


def test_a_row_meets_all_filters() -> None:
    filters = parse_filters(
        [
            {"field": "name", "operator": "contains", "value": "rand"},
            {"field": "clicks", "operator": "gt", "value": 1},
        ],
        TYPES,
    )
    assert filtered(ROWS, filters)["clicks"].to_pylist() == [20]
    assert parse_filters([item.as_json() for item in filters], TYPES) == filters


def test_no_filter_keeps_everything() -> None:
    assert filtered(ROWS, parse_filters(None, TYPES)).equals(ROWS)


@pytest.mark.parametrize(
    ("given", "says"),
    [
        ({"operator": "eq", "value": 1}, "field"),
        ({"field": "cost", "operator": "eq", "value": 1}, "'cost' is not among the fields"),
        ({"field": "clicks", "operator": "like", "value": 1}, "operator of 'clicks'"),
        ({"field": "clicks", "operator": "eq"}, "'clicks' has no `value`"),
        ({"field": "clicks", "operator": "eq", "value": "many"}, "'clicks': 'many' is not"),
        ({"field": "clicks", "operator": "eq", "value": ""}, "'clicks': '' is not"),
        ({"field": "clicks", "operator": "eq", "value": {"a": 1}}, "'clicks' takes"),
        ({"field": "clicks", "operator": "gt", "value": None}, "'clicks' takes"),
        ({"field": "clicks", "operator": "in", "value": 1}, "'clicks' takes a list"),
        ({"field": "clicks", "operator": "in", "value": []}, "'clicks' takes a list"),
        ({"field": "clicks", "operator": "contains", "value": "1"}, "'clicks' is integer"),
        ({"field": "live", "operator": "gt", "value": True}, "'live'"),
        ({"field": "day", "operator": "gt", "value": "yesterday"}, "'day'"),
    ],
)
def test_a_refusal_names_the_field(given: dict[str, Any], says: str) -> None:
    with pytest.raises(FilterUnfit) as refusal:
        parse_filters([given], TYPES)
    assert says in refusal.value.details
    assert refusal.value.errors is not None
    assert list(refusal.value.errors) == ["custom_filters"]


def test_columns_only_the_source_knows_are_judged_when_rows_arrive() -> None:
    for field, value in (("absent", 1), ("clicks", "many")):
        filters = parse_filters([{"field": field, "operator": "eq", "value": value}], None)
        with pytest.raises(Refused, match=field):
            filtered(ROWS, filters)


def test_filters_are_bounded() -> None:
    with pytest.raises(FilterUnfit, match="at most"):
        parse_filters([{"field": "name", "operator": "eq", "value": "x"}] * 51, TYPES)
