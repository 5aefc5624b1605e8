"""Values arrive as PostgreSQL holds them, or are named as ones that cannot."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from connectors.postgres.databases import batches_of, rows_of, source_database
from fakes.journal import RecordingJournal
from headrace.connectors.contract import BadValues
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused


@pytest.fixture(scope="module")
def database(request):
    return source_database(request)


@pytest.mark.parametrize(
    ("expression", "value"),
    [
        ("32767::smallint", 32767),
        ("(-9223372036854775808)::bigint", -(2**63)),
        ("4294967295::oid", 4294967295),
        ("0.1::numeric(30, 20)", Decimal("0.1")),
        (
            "(-99999999999999999999999999999.999999999)",
            Decimal("-99999999999999999999999999999.999999999"),
        ),
        ("0.1::real", 0.1),
        ("1e308::float8", 1e308),
        ("false", False),
        ("date '0001-01-01'", date(1, 1, 1)),
        ("date '9999-12-31'", date(9999, 12, 31)),
        ("timestamp '2026-03-01 10:00:00.000001'", datetime(2026, 3, 1, 10, 0, 0, 1, UTC)),
        ("timestamptz '2026-03-01 10:00+05:30'", datetime(2026, 3, 1, 4, 30, tzinfo=UTC)),
        ("''::text", ""),
        ("null::text", None),
        ("E'\\\\.'", "\\."),
        ("E'a\\r\\nb\\tc'", "a\r\nb\tc"),
        ("'\"'", '"'),
        ("'x'::char(3)", "x  "),
        ("array[[1, null]]", "{{1,NULL}}"),
        ("'{\"a\":1.10}'::json", '{"a":1.10}'),
        ("'\\xff00'::bytea", "\\xff00"),
        ("interval '1 day 2 hours'", "1 day 02:00:00"),
        ("'10.0.0.1'::inet", "10.0.0.1"),
        ("time '10:00'", "10:00:00"),
    ],
)
def test_each_type_arrives(database, expression, value):
    assert rows_of(database.access(query=f"select {expression} as a")) == [{"a": value}]


@pytest.mark.parametrize(
    "expression",
    [
        "'NaN'::numeric",
        "'Infinity'::numeric",
        "1e30::numeric",
        "20516203914860310305800243424004.37542779",
        "0.0000000001",
        "'NaN'::float8",
        "'-Infinity'::real",
        "'infinity'::date",
        "date '0044-03-15 BC'",
        "date '10000-01-01'",
        "'-infinity'::timestamptz",
        "timestamp '12345-01-01'",
    ],
)
def test_what_no_column_can_hold_is_a_bad_value(database, expression):  # S98
    query = f"select 1 as n, null as a from generate_series(1, 3) union all select 2, {expression}"
    access = database.access(query=f"select n, a from ({query}) x")
    with pytest.raises(Refused, match="Row 4, column 'a'"):
        rows_of(access)
    journal = RecordingJournal()
    rows = rows_of(access, bad_values=BadValues.NULL_AND_COUNT, journal=journal)
    assert rows[3] == {"n": 2, "a": None}
    assert [(bad.column, bad.row_number) for bad in journal.bad_values] == [("a", 4)]


def test_rows_of_one_null_are_rows(database):
    access = database.access(query="select null::int as a from generate_series(1, 3)")
    assert rows_of(access) == [{"a": None}] * 3


def test_repeated_and_missing_column_names_stay_apart(database):  # F26
    access = database.access(query='select 1 as a, 2 as a, 3 as "A", 4')
    assert rows_of(access) == [{"a": 1, "a_2": 2, "A_3": 3, "?column?": 4}]


def test_a_result_without_columns_is_refused(database):
    database.execute("create table hollow ()")
    with pytest.raises(Refused, match="no columns"):
        rows_of(database.access(table="hollow"))


def test_rows_without_a_day_are_noticed_and_not_lost(database):
    database.execute(
        "create table gaps (day date, n int)",
        "insert into gaps values ('2026-03-01', 1), (null, 2), ('2026-04-01', 3)",
    )
    access = database.access(table="gaps", date_column="day")
    window = DayRange(date(2026, 3, 1), date(2026, 3, 31))
    with pytest.raises(Refused, match=r"column 'day'.*is missing"):
        rows_of(access, window=window)
    journal = RecordingJournal()
    rows = rows_of(access, window=window, bad_values=BadValues.NULL_AND_COUNT, journal=journal)
    assert [row["n"] for row in rows] == [1]
    assert [bad.column for bad in journal.bad_values] == ["day"]


def test_large_results_come_in_bounded_batches_of_one_schema(database):
    query = "select i, repeat('é', 500) as text from generate_series(1, 40000) i"
    batches = batches_of(database.access(query=query))
    assert len(batches) > 5
    assert {batch.schema for batch in batches} == {batches[0].schema}
    assert max(batch.nbytes for batch in batches) < 16_000_000
    numbers = [number for batch in batches for number in batch["i"].to_pylist()]
    assert numbers == list(range(1, 40_001))


def test_a_row_larger_than_a_block_is_read_whole(database):
    rows = rows_of(database.access(query="select repeat('x', 5000000) as a, 1 as b"))
    assert rows == [{"a": "x" * 5_000_000, "b": 1}]


_TEXTS = st.text(st.characters(exclude_characters="\0", exclude_categories=["Cs"]), max_size=20)


@settings(max_examples=40, deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(
    st.lists(
        st.tuples(
            st.none() | _TEXTS,
            st.none() | st.decimals(allow_nan=False, allow_infinity=False, places=9,
                                    min_value=-(10**28), max_value=10**28),
            st.none() | st.floats(allow_nan=False, allow_infinity=False),
        ),
        min_size=1, max_size=8,
    )
)  # fmt: skip
def test_any_value_arrives_unchanged(database, rows):
    def literal(value):
        if value is None:
            return "null"
        if isinstance(value, float):
            return f"'{value!r}'"
        return "'" + str(value).replace("'", "''") + "'"

    values = ", ".join(
        f"({number}, {literal(text)}::text, {literal(money)}::numeric, {literal(ratio)}::float8)"
        for number, (text, money, ratio) in enumerate(rows)
    )
    query = f"select * from (values {values}) v(n, text, money, ratio) order by n"
    found = rows_of(database.access(query=query))
    assert [(row["text"], row["money"], row["ratio"]) for row in found] == rows
