"""Types are inferred from all values, and typing a column loses nothing."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from connectors.file_import.imports import access_to_file, rows_of, types_of
from headrace.connectors.sources.file_import.text_types import ColumnGuess
from headrace.connectors.sources.file_import.text_values import convert_inferred
from headrace.kit.columns import ColumnType

INTEGER, DECIMAL, FLOAT = ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.FLOAT
TEXT, BOOLEAN = ColumnType.STRING, ColumnType.BOOLEAN
DATE, DATETIME = ColumnType.DATE, ColumnType.DATETIME


def inferred(*blocks):
    guess = ColumnGuess()
    for block in blocks:
        guess.observe(pa.array(block, pa.string()))
    return guess.type


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "-20", "0"], INTEGER),
        (["9223372036854775807", "-9223372036854775808"], INTEGER),
        (["9223372036854775808"], TEXT),
        (["1.5", "9223372036854775808"], TEXT),
        (["12345678901234567890.5"], DECIMAL),
        (["120330000000000000000000000000001"], TEXT),
        (["007", "8"], TEXT),
        (["+5"], TEXT),
        (["0x1F"], TEXT),
        (["1_000"], TEXT),
        (["1,5"], TEXT),
        ([" 5"], TEXT),
        (["1", "1.5"], DECIMAL),
        (["1.10", "1.1"], DECIMAL),
        ([".5", "-.25"], DECIMAL),
        (["-0", "1"], DECIMAL),
        (["5."], TEXT),
        (["0.1234567890"], DECIMAL),
        (["0.1234567891"], TEXT),
        (["00.5"], TEXT),
        (["99999999999999999999999999999.999999999"], DECIMAL),
        (["100000000000000000000000000000"], TEXT),
        (["20516203914860310305800243424004.37542779"], TEXT),
        (["1." + "5" + "0" * 60], DECIMAL),
        (["1e-10000000"], TEXT),
        (["0000-01-01"], TEXT),
        (["9999-12-31T23:59:59-05:00"], TEXT),
        (["1e5", "100000"], TEXT),
        (["1.5e-12", "0.25", "3"], FLOAT),
        (["1.5E+20"], FLOAT),
        (["1.5e3"], FLOAT),
        (["1.2345678901234567e-3"], TEXT),
        (["1.5e-12", "1234567890123456789"], TEXT),
        (["1.5e999"], TEXT),
        (["nan"], TEXT),
        (["true", "false"], BOOLEAN),
        (["True", "False"], BOOLEAN),
        (["TRUE"], BOOLEAN),
        (["true", "True"], TEXT),
        (["true", "1"], TEXT),
        (["t", "f"], TEXT),
        (["2026-03-01", "0001-01-01"], DATE),
        (["2026-02-30"], TEXT),
        (["2026-3-1"], TEXT),
        (["0000-00-00"], TEXT),
        (["03/01/2026"], TEXT),
        (["20260301"], INTEGER),
        (["2026-03-01 10:00", "2026-03-01T10:00:00.123456"], DATETIME),
        (["2026-03-01T10:00:00Z", "2026-03-01 10:00:00+0230"], DATETIME),
        (["2026-03-01T10:00:00Z", "2026-03-01 10:00:00"], TEXT),
        (["2026-03-01T10:00:00.1234567Z"], TEXT),
        (["2026-03-01", "2026-03-01 10:00"], TEXT),
        (["", None, "7"], INTEGER),
        (["", None], TEXT),
        ([], TEXT),
        (["N/A", "1"], TEXT),
    ],
)
def test_a_type_is_given_only_if_it_loses_nothing(values, kind):
    assert inferred(values) is kind
    assert inferred(*[[value] for value in values]) is kind  # a block each
    assert inferred(*[[value] for value in reversed(values)]) is kind


@pytest.mark.parametrize(
    ("values", "kind"),
    [
        (["1", "2.50"], DECIMAL),
        (["1e5", "100000"], DECIMAL),
        (["1e-12"], FLOAT),
        (["1e-10000000"], TEXT),
        (["1e99999"], TEXT),
        (["1e28", "0.5"], DECIMAL),
        (["true", "false"], BOOLEAN),
        (["true", "1"], TEXT),
        (['"1"', '"2"'], TEXT),
        (['"1"', "2"], TEXT),
        (['"true"'], TEXT),
        (['"2026-03-01"'], DATE),
        (['"2026-03-01T10:00:00Z"', '""'], DATETIME),
        (['"2026-03-01"', "5"], TEXT),
        (["[1]", '{"a":1}'], TEXT),
        (["9223372036854775808"], TEXT),
        (["123456789012345678901234567890123"], TEXT),
        (["null"], TEXT),
    ],
)
def test_json_values_are_what_json_says(tmp_path, values, kind):
    lines = "\n".join(f'{{"a":{value}}}' for value in values)
    assert types_of(access_to_file(tmp_path, "a.jsonl", lines.encode())) == {"a": kind}


def test_the_last_value_of_a_long_file_counts(tmp_path):
    lines = "".join(f"{number},{number}\n" for number in range(400_000))
    access = access_to_file(tmp_path, "a.csv", f"id,code\n{lines}7,007\n".encode())
    assert types_of(access) == {"id": INTEGER, "code": TEXT}


# Texts that look like numbers, dates and truth values, and ones that only nearly do.
_DIGITS = st.text("0123456789", max_size=22)
_LOOKS_TYPED = st.one_of(
    st.from_regex(r"[+-]?[0-9]{0,22}(\.[0-9]{0,12})?([eE][+-]?[0-9]{1,3})?", fullmatch=True),
    st.integers(-(2**66), 2**66).map(str),
    st.decimals(allow_nan=False, allow_infinity=False).map(str),
    st.floats().map(repr),
    st.dates().map(str),
    st.datetimes().map(str),
    st.datetimes(timezones=st.just(UTC)).map(lambda moment: moment.isoformat()),
    st.sampled_from(["true", "false", "True", "False", "TRUE", "FALSE", "", "0", "-0", "1e5"]),
    st.from_regex(r"[0-9]{4}-[0-9]{2}-[0-9]{2}([T ][0-9]{2}:[0-9]{2}(:[0-9]{2})?)?(Z|\+02:00)?",
                  fullmatch=True),
    st.text(max_size=5),
)  # fmt: skip


def same_meaning(text, value, kind, titled):
    """Whether a typed value still says what its text said."""
    if kind in {INTEGER, DECIMAL, FLOAT}:
        number = Decimal(repr(value)) if kind is FLOAT else Decimal(value)
        no_lost_mark = not text.startswith("+") and not text.lstrip("-").startswith("00")
        return Decimal(text) == number and no_lost_mark
    if kind is BOOLEAN:
        return text == titled(str(value))
    if kind is DATE:
        return text == value.isoformat()
    if kind is DATETIME:
        moment = datetime.fromisoformat(text)
        return (moment if moment.tzinfo else moment.replace(tzinfo=UTC)) == value
    return text == value


@settings(max_examples=600, deadline=None)
@given(st.lists(_LOOKS_TYPED, min_size=1, max_size=6), st.integers(1, 6))
def test_no_value_loses_its_meaning(texts, block_size):
    guess = ColumnGuess()
    for start in range(0, len(texts), block_size):
        guess.observe(pa.array(texts[start : start + block_size], pa.string()))
    values = convert_inferred(pa.array(texts, pa.string()), guess.type).to_pylist()
    first = next((text for text in texts if text), "")
    titled = {"t": str.lower, "f": str.lower}.get(
        first[:1], str.upper if first.isupper() else str.title
    )
    for text, value in zip(texts, values, strict=True):
        if text == "" and guess.type is not TEXT:
            assert value is None
        else:
            assert same_meaning(text, value, guess.type, titled), (text, value, guess.type)


@settings(max_examples=100, deadline=None)
@given(st.lists(st.integers(-(2**63), 2**63 - 1), min_size=1))
def test_all_64_bit_numbers_are_integers(numbers):
    texts = pa.array([str(number) for number in numbers])
    assert inferred(texts.to_pylist()) is INTEGER
    assert convert_inferred(texts, INTEGER).to_pylist() == numbers


@settings(max_examples=100, deadline=None)
@given(st.lists(st.decimals(-(10**28), 10**28, places=9, allow_nan=False), min_size=1))
def test_all_money_is_decimal(amounts):
    texts = pa.array([format(amount, "f") for amount in amounts])
    assert inferred(texts.to_pylist()) is DECIMAL
    assert convert_inferred(texts, DECIMAL).to_pylist() == amounts


@pytest.mark.parametrize(
    ("kind", "text", "value"),
    [
        ("integer", " 007 ", 7),
        ("integer", "+0", 0),
        ("integer", "0000000000000000000000000000012", 12),
        ("decimal", "1e5", Decimal(100000)),
        ("decimal", "+1.50", Decimal("1.5")),
        ("float", "0.12345678901234567", 0.12345678901234567),
        ("boolean", "Yes", True),
        ("boolean", "0", False),
        ("date", "20260301", date(2026, 3, 1)),
        ("date", "2026/3/1", date(2026, 3, 1)),
        ("date", "1.3.2026", date(2026, 3, 1)),
        ("date", "2026-03-01T23:59:59-05:00", date(2026, 3, 1)),
        ("datetime", "2026-03-01", datetime(2026, 3, 1, tzinfo=UTC)),
        ("datetime", "2026-03-01 10:00", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("datetime", "2026-03-01T10:00:00z", datetime(2026, 3, 1, 10, tzinfo=UTC)),
        ("string", "007", "007"),
    ],
)
def test_declared_types_are_read_with_goodwill(tmp_path, kind, text, value):
    access = access_to_file(tmp_path, "a.csv", f"a,b\n{text},1\n".encode(), types={"a": kind})
    assert rows_of(access) == [{"a": value, "b": 1}]


@pytest.mark.parametrize(
    ("days", "expected"),
    [
        (["1/2/2026", "31/2/2026", "25/12/2026"], None),
        (["1/2/2026", "25/12/2026"], [date(2026, 2, 1), date(2026, 12, 25)]),
        (["1/2/2026", "12/25/2026"], [date(2026, 1, 2), date(2026, 12, 25)]),
        (["2026-03-01", "3-31-2026"], [date(2026, 3, 1), date(2026, 3, 31)]),
    ],
)
def test_the_whole_column_tells_day_from_month(tmp_path, days, expected):
    content = "d\n" + "\n".join(days)
    access = access_to_file(tmp_path, "a.csv", content.encode(), types='{"d": "date"}')
    if expected is None:
        with pytest.raises(Exception, match=r"line 3, column 'd'.*31/2/2026"):
            rows_of(access)
    else:
        assert [row["d"] for row in rows_of(access)] == expected


def test_days_that_could_be_months_are_refused(tmp_path):
    access = access_to_file(tmp_path, "a.csv", b"d\n1/2/2026\n", date_column="d")
    with pytest.raises(Exception, match="YYYY-MM-DD"):
        rows_of(access)
