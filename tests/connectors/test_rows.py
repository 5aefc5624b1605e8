"""Raw vendor values become exact Arrow values, or are named by row and column."""

from datetime import UTC, date, datetime
from decimal import Decimal

import pyarrow as pa
import pytest
from hypothesis import given
from hypothesis import strategies as st

from fakes.journal import BadValue, RecordingJournal
from headrace.connectors.contract import BadValues
from headrace.connectors.rows import by_column, typed_batch
from headrace.kit.columns import ARROW_TYPES, Column, ColumnType
from headrace.kit.outcomes import Refused


def read_column(kind, values, bad_values=BadValues.FAIL, journal=None, first_row_number=1):
    batch = typed_batch(
        [Column("spend", kind)],
        [values],
        first_row_number=first_row_number,
        bad_values=bad_values,
        journal=journal or RecordingJournal(),
    )
    assert batch.schema == pa.schema([("spend", ARROW_TYPES[kind])])
    return batch.column(0).to_pylist()


GOOD = [
    ("integer", ["1", "-2", None, "", "007"], [1, -2, None, None, 7]),
    ("integer", [1, 2**63 - 1, None], [1, 2**63 - 1, None]),
    ("integer", ["12.0", "+3", " 4 ", "1e3"], [12, 3, 4, 1000]),
    ("integer", ["1", 2, 3.0, Decimal(4)], [1, 2, 3, 4]),
    ("decimal", ["0.1", "12.30", "1e3", "-.5", ""],
     [Decimal("0.1"), Decimal("12.3"), Decimal(1000), Decimal("-0.5"), None]),
    ("decimal", ["0.1234567895", "0.1234567885"], [Decimal("0.12345679"), Decimal("0.123456788")]),
    ("decimal", ["0.12345678950000000000000000000000000001"], [Decimal("0.12345679")]),
    ("decimal", ["0." + "1" * 60], [Decimal("0.111111111")]),
    ("decimal", ["99999999999999999999999999999.999999999"],
     [Decimal("99999999999999999999999999999.999999999")]),
    ("decimal", [1, 2], [Decimal(1), Decimal(2)]),
    ("decimal", [0.1, "0.2", 3, Decimal("4.5")],
     [Decimal("0.1"), Decimal("0.2"), Decimal(3), Decimal("4.5")]),
    ("decimal", [Decimal("1.00000000051")], [Decimal("1.000000001")]),
    ("decimal", [2**70], [Decimal(2**70)]),
    ("float", ["1.5", "1e3", ""], [1.5, 1000.0, None]),
    ("float", [1.5, 2], [1.5, 2.0]),
    ("boolean", ["true", "False", "0", "1", "", None], [True, False, False, True, None, None]),
    ("boolean", [True, False, None], [True, False, None]),
    ("boolean", [1, 0], [True, False]),
    ("date", ["2026-02-28", "", None], [date(2026, 2, 28), None, None]),
    ("datetime", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05+0200"],
     [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC), datetime(2026, 1, 2, 1, 4, 5, tzinfo=UTC)]),
    ("datetime", ["2026-01-02 03:04:05.000001", "2026-01-02"],
     [datetime(2026, 1, 2, 3, 4, 5, 1, tzinfo=UTC), datetime(2026, 1, 2, tzinfo=UTC)]),
    ("datetime", ["2026-01-02T03:04:05Z", "2026-01-02T03:04:05"],
     [datetime(2026, 1, 2, 3, 4, 5, tzinfo=UTC)] * 2),
    ("string", ["", "a", None, "żółć"], ["", "a", None, "żółć"]),
    ("string", [23847600000000001, None], ["23847600000000001", None]),
    ("string", ["1", 2, True, 1.5, Decimal("2.50"), [1, {"a": None}], {"b": "c"}],
     ["1", "2", "true", "1.5", "2.50", '[1,{"a":null}]', '{"b":"c"}']),
    ("string", [2**80], [str(2**80)]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "values", "wanted"), GOOD)
def test_good_values_are_kept_exactly(kind, values, wanted):
    assert read_column(ColumnType(kind), values) == wanted


BAD = [
    ("integer", ["1.5", "0x10", "1_000", "1,000", "٣", "9223372036854775808", "1e999999999", "abc"]),
    ("integer", [True, 1.5, 2**63, Decimal("NaN"), float("nan"), [1]]),
    ("decimal", ["12,3x", "NaN", "Infinity", "-inf", "1_000", "--", "1e29", "1e999999999999999999"]),
    ("decimal", [True, float("nan"), Decimal("NaN"), Decimal("Infinity"), {"value": "1"}]),
    ("float", ["nan", "inf", "1e400", "0x1p3", float("inf"), float("nan")]),
    ("boolean", ["yes", "2", 2, 0.5]),
    ("date", ["2026-02-29", "2026-2-1", "20260201", "2026-02-01T00:00:00", 20260201, "0000-01-01"]),
    ("datetime", ["yesterday", "2026-01-02T25:00:00Z", 1767225600, "0000-01-01",
     "0001-01-01T00:00:00+14:00"]),
    ("string", ["\ud800"]),
]  # fmt: skip


@pytest.mark.parametrize(("kind", "value"), [(k, v) for k, values in BAD for v in values])
def test_a_bad_value_fails_the_run_or_is_nulled_and_counted(kind, value):  # S98
    with pytest.raises(Refused, match=r"^Row 1,235, column 'spend': .* is not "):
        read_column(ColumnType(kind), [None, value], first_row_number=1234)

    journal = RecordingJournal()
    read = read_column(
        ColumnType(kind), [None, value, value], BadValues.NULL_AND_COUNT, journal, 1234
    )
    assert read == [None, None, None]
    assert [(bad.column, bad.row_number) for bad in journal.bad_values] == [
        ("spend", 1235),
        ("spend", 1236),
    ]


def test_good_neighbours_of_a_bad_value_are_kept():
    journal = RecordingJournal()
    values = ["1.10", "12,3x", "", "2.20", "0.1234567895"]
    read = read_column(ColumnType.DECIMAL, values, BadValues.NULL_AND_COUNT, journal)
    assert read == [Decimal("1.1"), None, None, Decimal("2.2"), Decimal("0.12345679")]
    assert [bad.value for bad in journal.bad_values] == ["12,3x"]


def test_a_long_bad_value_is_shown_shortened():
    with pytest.raises(Refused) as refusal:
        read_column(ColumnType.INTEGER, ["x" * 100_000])
    assert len(str(refusal.value)) < 400


def test_no_rows_keep_the_schema():
    assert read_column(ColumnType.DECIMAL, []) == []


@given(st.lists(st.one_of(st.none(), st.integers(-(2**63), 2**63 - 1))))
def test_integers_survive_as_text_and_as_numbers(numbers):
    texts = [None if number is None else str(number) for number in numbers]
    assert read_column(ColumnType.INTEGER, numbers) == numbers
    assert read_column(ColumnType.INTEGER, texts) == numbers
    assert read_column(ColumnType.STRING, numbers) == texts


@given(st.lists(st.decimals(-(10**20), 10**20, places=9)))
def test_decimals_survive_as_text(numbers):
    assert read_column(ColumnType.DECIMAL, [f"{number:f}" for number in numbers]) == numbers


@given(st.text(max_size=20), st.sampled_from(list(ColumnType)))
def test_the_verdict_on_a_text_does_not_depend_on_its_neighbours(text, kind):
    journal = RecordingJournal()
    alone = read_column(kind, [text], BadValues.NULL_AND_COUNT, journal)
    with_bad = read_column(kind, [text, "?bad"], BadValues.NULL_AND_COUNT, RecordingJournal())
    assert alone == with_bad[:1]


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("1e-10000000", Decimal(0)),  # Arrow's own cast ends the process
        ("1E3", Decimal(1000)),
        ("0." + "3" * 60, Decimal("0.333333333")),
    ],
)
def test_numbers_that_arrow_reads_wrongly_are_read_by_us(text: str, wanted: Decimal) -> None:
    column = Column("spend", ColumnType.DECIMAL)
    batch = typed_batch(
        [column], [[text, "1.5"]], first_row_number=1, bad_values=BadValues.FAIL,
        journal=RecordingJournal(),
    )  # fmt: skip
    assert batch.column(0).to_pylist() == [wanted, Decimal("1.5")]


@pytest.mark.parametrize(
    "value", ["20516203914860310305800243424004.37542779", Decimal(10) ** 30, "1e40", "9" * 77]
)
def test_numbers_too_large_are_bad_values_and_never_others(value: object) -> None:  # S98
    journal = RecordingJournal()
    batch = typed_batch(
        [Column("spend", ColumnType.DECIMAL)], [[value]], first_row_number=1,
        bad_values=BadValues.NULL_AND_COUNT, journal=journal,
    )  # fmt: skip
    assert batch.column(0).to_pylist() == [None]


def read_columns(columns, values, bad_values=BadValues.FAIL, journal=None):
    return typed_batch(
        columns, values, first_row_number=1, bad_values=bad_values,
        journal=journal or RecordingJournal(),
    )  # fmt: skip


MIXED = [
    (Column("clicks", ColumnType.INTEGER), ["7", ""]),
    (Column("day", ColumnType.DATE), ["2026-02-28", "2026-03-01"]),
    (Column("spend", ColumnType.DECIMAL), ["1.10", None]),
    (Column("likes", ColumnType.INTEGER), [3, 4]),
    (Column("ratio", ColumnType.DECIMAL), ["1.220211161387632", "0.0000000015"]),
    (Column("seen_at", ColumnType.DATETIME), ["2026-01-02T03:04:05+0200", None]),
    (Column("views", ColumnType.INTEGER), [None, "-2"]),
    (Column("made_at", ColumnType.DATETIME), ["2026-01-02", "2026-01-03"]),
    (Column("revenue", ColumnType.DECIMAL), ["99999999999999999999.5", "12"]),
    (Column("name", ColumnType.STRING), ["", "7"]),
]  # fmt: skip


def test_columns_of_one_kind_keep_their_own_values():
    columns, values = zip(*MIXED, strict=True)

    batch = read_columns(columns, values)

    batch.validate(full=True)
    assert batch.to_pydict() == {
        column.name: read_columns([column], [raw]).column(0).to_pylist() for column, raw in MIXED
    }
    assert batch.to_pydict()["ratio"] == [Decimal("1.220211161"), Decimal("0.000000002")]


def test_a_bad_value_spoils_no_column_of_its_kind():  # S98
    journal = RecordingJournal()
    columns, values = zip(*MIXED, strict=True)
    spoiled = [list(raw) for raw in values]
    spoiled[4][1] = "n/a"
    spoiled[6][0] = "1.5"

    batch = read_columns(columns, spoiled, BadValues.NULL_AND_COUNT, journal)

    wanted = read_columns(columns, values).to_pydict()
    wanted["ratio"][1] = wanted["views"][0] = None
    assert batch.to_pydict() == wanted
    assert journal.bad_values == [BadValue("ratio", 2, "n/a"), BadValue("views", 1, "1.5")]


def test_the_first_bad_column_is_named_though_a_later_one_is_read_with_it():
    columns = [Column("clicks", ColumnType.INTEGER), Column("spend", ColumnType.DECIMAL)]

    with pytest.raises(Refused, match="Row 2, column 'clicks'"):
        read_columns(columns, [["1", "x"], ["y", "2"]])


def test_rows_are_turned_into_columns():
    assert by_column(iter([(1, "a"), (2, None)]), 2) == [[1, 2], ["a", None]]
    assert by_column([], 2) == [[], []]


def test_rows_of_another_width_are_refused():
    with pytest.raises(ValueError, match="3 values are no rows of 2"):
        by_column([(1, 2), (3,)], 2)
