"""Column types and the order among them."""

from itertools import product

import pyarrow as pa
import pytest

from headrace.kit.columns import (
    ARROW_TYPES,
    Column,
    ColumnType,
    api_type,
    arrow_schema,
    column_type_of,
    columns_of,
    wider,
)


@pytest.mark.parametrize(
    ("one", "other", "widest"),
    [
        (ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.DECIMAL),
        (ColumnType.INTEGER, ColumnType.FLOAT, ColumnType.FLOAT),
        (ColumnType.DECIMAL, ColumnType.FLOAT, ColumnType.FLOAT),
        (ColumnType.DATE, ColumnType.DATETIME, ColumnType.DATETIME),
        (ColumnType.BOOLEAN, ColumnType.INTEGER, ColumnType.STRING),
        (ColumnType.DATE, ColumnType.INTEGER, ColumnType.STRING),
    ],
)
def test_wider(one: ColumnType, other: ColumnType, widest: ColumnType) -> None:
    assert wider(one, other) is wider(other, one) is widest


def test_the_order_in_which_types_meet_does_not_matter() -> None:
    for one, two, three in product(ColumnType, repeat=3):
        assert wider(wider(one, two), three) is wider(one, wider(two, three))
        assert wider(one, one) is one
        assert wider(one, ColumnType.STRING) is ColumnType.STRING


def test_columns_and_schemas_say_the_same() -> None:
    columns = [Column(f"c_{item}", item) for item in ColumnType]
    assert columns_of(arrow_schema(columns)) == columns
    assert set(ARROW_TYPES) == set(ColumnType)


def test_other_arrow_types_are_refused() -> None:
    with pytest.raises(KeyError):
        column_type_of(pa.int32())


def test_the_api_knows_numbers_only() -> None:
    assert {api_type(item) for item in ColumnType} == {
        "string",
        "number",
        "boolean",
        "date",
        "datetime",
    }
