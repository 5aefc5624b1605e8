"""Texts become values exactly or not at all, where Arrow alone would alter them or crash."""

from datetime import UTC, date, datetime
from decimal import Decimal, localcontext

import pyarrow as pa
import pytest
from hypothesis import example, given, settings
from hypothesis import strategies as st

from headrace.connectors.arrow_texts import outside_calendar, parsed, parsed_or_null
from headrace.kit.columns import ColumnType

_NUMBERS = st.from_regex(r"[+-]?[0-9]{1,45}(\.[0-9]{0,20}0{0,40})?([eE][+-]?[0-9]{1,9})?",
                         fullmatch=True)  # fmt: skip


def fits(number):
    """Whether 29 digits before and 9 after the point hold a number."""
    with localcontext(prec=2_000):
        return abs(number) < 10**29 and number == round(number, 9)


@settings(max_examples=500, deadline=None)
@given(_NUMBERS)
@example("20516203914860310305800243424004.37542779")  # Arrow reads another number
@example("1e-10000000")  # Arrow ends the process
@example("02403043621988952845.80797930e-10000000")
@example("-4360966460.839478384024773833000000000000000000000000000000")
@example("0" * 60 + "1." + "0" * 60)
@example("99999999999999999999999999999.999999999")
@example("1e28")
@example("123456789e-9")
def test_decimals_are_exact_or_null(text):
    value = parsed_or_null(pa.array([text, "1.5"]), ColumnType.DECIMAL).to_pylist()[0]
    exponent = text.lower().partition("e")[2].lstrip("+-")
    number = Decimal(text) if len(exponent) <= 3 else None
    if number is not None and fits(number):
        assert value == number
    else:
        assert value is None


@given(st.lists(_NUMBERS, max_size=8))
def test_all_are_parsed_or_all_are_refused(texts):
    array = pa.array(texts, pa.string())
    one_by_one = parsed_or_null(array, ColumnType.DECIMAL)
    if one_by_one.null_count:
        with pytest.raises(pa.ArrowInvalid):
            parsed(array, ColumnType.DECIMAL)
    else:
        assert parsed(array, ColumnType.DECIMAL).equals(one_by_one)


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        (ColumnType.DATE, "0001-01-01", date.min),
        (ColumnType.DATE, "9999-12-31", date.max),
        (ColumnType.DATE, "0000-01-01", None),
        (ColumnType.DATETIME, "0001-01-01T00:00:00Z", datetime(1, 1, 1, tzinfo=UTC)),
        (ColumnType.DATETIME, "0001-01-01T00:00:00+01:00", None),
        (ColumnType.DATETIME, "9999-12-31T23:59:59.999999Z",
         datetime(9999, 12, 31, 23, 59, 59, 999_999, UTC)),
        (ColumnType.DATETIME, "9999-12-31T23:59:59-01:00", None),
        (ColumnType.DATETIME, "2026-03-01T10:00:00", None),
        (ColumnType.INTEGER, "9223372036854775807", 2**63 - 1),
        (ColumnType.INTEGER, "9223372036854775808", None),
        (ColumnType.STRING, "x", "x"),
    ],
)  # fmt: skip
def test_days_and_moments_stay_in_the_calendar(kind, text, value):
    assert parsed_or_null(pa.array([text, None]), kind).to_pylist() == [value, None]


def test_nothing_is_outside_where_nothing_is():
    assert outside_calendar(pa.array([None], pa.date32())).to_pylist() == [False]
    assert outside_calendar(pa.array([-800_000], pa.int32()).cast(pa.date32())).to_pylist() == [
        True
    ]


@pytest.mark.parametrize("kind", ColumnType)
def test_columns_without_values_are_read(kind):
    assert parsed(pa.array([], pa.string()), kind).to_pylist() == []
    assert parsed(pa.array([None, None], pa.string()), kind).to_pylist() == [None, None]
