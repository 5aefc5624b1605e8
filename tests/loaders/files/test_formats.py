"""Every format gives back exactly what was written, nulls and nasty values included."""

import gzip
import io
import json
import math
from collections.abc import Sequence
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.loaders.files.formats import FORMATS

COLUMNS = (
    Column("text", ColumnType.STRING),
    Column('we "ird", name', ColumnType.INTEGER),
    Column("amount", ColumnType.DECIMAL),
    Column("ratio", ColumnType.FLOAT),
    Column("on", ColumnType.BOOLEAN),
    Column("day", ColumnType.DATE),
    Column("at", ColumnType.DATETIME),
)
ROWS: list[tuple[Any, ...]] = [
    ("", 0, Decimal(0), 0.0, False, date(2024, 2, 29), datetime(2024, 2, 29, 1, 2, 3, 4, UTC)),
    (None, None, None, None, None, None, None),
    ('"quoted", \\ back\nline\r\n\ttab \x01\x1f', -1, Decimal("-0.000000001"), 1e-7, True,
     date(1, 1, 1), datetime(1960, 1, 1, tzinfo=UTC)),
    ("=1+1", 2**63 - 1, Decimal("99999999999999999999999999999.999999999"), 5e-324, True,
     date(9999, 12, 31), datetime(2261, 1, 1, tzinfo=UTC)),
    ("naïve 日本 😀 \u2028", -(2**63), Decimal("-1.5"), 1.7976931348623157e308, False,
     date(2024, 1, 1), datetime(2024, 1, 1, 23, 59, 59, 999999, UTC)),
    ("null", 7, Decimal("0.000001"), -0.0, None, None, None),
    ("NULL,NaN", 8, Decimal("1E+3"), 0.1, None, None, None),
]  # fmt: skip


def batch_of(rows: Sequence[tuple[Any, ...]], columns: Sequence[Column]) -> pa.RecordBatch:
    arrays = [
        pa.array([row[index] for row in rows], column.arrow_type)
        for index, column in enumerate(columns)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(list(columns)))


def written(name: str, batches: list[pa.RecordBatch], columns: Sequence[Column]) -> bytes:
    output = io.BytesIO()
    writer = FORMATS[name](",").writer(output, columns)
    for batch in batches:
        writer.write(batch)
    writer.finish()
    return output.getvalue()


def read_back(name: str, content: bytes, columns: Sequence[Column]) -> pa.Table:
    batches = FORMATS[name](",").read(lambda: io.BytesIO(content), columns)
    return pa.Table.from_batches(list(batches), arrow_schema(list(columns)))


@pytest.mark.parametrize("name", FORMATS)
def test_nasty_rows_come_back_exactly(name: str) -> None:
    batch = batch_of(ROWS, COLUMNS)
    # A slice in the middle of a batch: its buffers begin elsewhere.
    content = written(name, [batch.slice(0, 2), batch.slice(2, 3), batch.slice(5)], COLUMNS)
    assert read_back(name, content, COLUMNS) == pa.Table.from_batches([batch])


@pytest.mark.parametrize("name", FORMATS)
def test_floats_that_are_no_numbers_come_back(name: str) -> None:
    columns = (Column("ratio", ColumnType.FLOAT), Column("text", ColumnType.STRING))
    batch = batch_of([(math.nan, "a"), (math.inf, "b"), (-math.inf, None), (1.5, "")], columns)
    rows = read_back(name, written(name, [batch], columns), columns).to_pylist()
    assert math.isnan(rows[0].pop("ratio"))
    assert rows[1:] == [
        {"ratio": math.inf, "text": "b"},
        {"ratio": -math.inf, "text": None},
        {"ratio": 1.5, "text": ""},
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_file_without_rows_reads_as_no_rows(name: str) -> None:
    assert read_back(name, written(name, [], COLUMNS), COLUMNS).num_rows == 0


@pytest.mark.parametrize("name", FORMATS)
@pytest.mark.parametrize(
    ("old", "value", "new", "expected"),
    [
        (ColumnType.INTEGER, 5, ColumnType.DECIMAL, Decimal(5)),
        (ColumnType.INTEGER, 5, ColumnType.FLOAT, 5.0),
        (ColumnType.INTEGER, 2**63 - 1, ColumnType.STRING, "9223372036854775807"),
        (ColumnType.INTEGER, 2**53 + 1, ColumnType.FLOAT, float(2**53)),
        (ColumnType.DECIMAL, Decimal("0.1"), ColumnType.FLOAT, 0.1),
        (ColumnType.DECIMAL, Decimal("0.1"), ColumnType.STRING, "0.100000000"),
        (ColumnType.BOOLEAN, True, ColumnType.STRING, "true"),
        (ColumnType.DATE, date(2024, 1, 2), ColumnType.DATETIME, datetime(2024, 1, 2, tzinfo=UTC)),
        (ColumnType.DATE, date(2024, 1, 2), ColumnType.STRING, "2024-01-02"),
    ],
)
def test_older_narrower_file_reads_in_wider_types(
    name: str, old: ColumnType, value: Any, new: ColumnType, expected: Any
) -> None:  # F10
    before = (Column("gone", ColumnType.STRING), Column("x", old), Column("y", ColumnType.STRING))
    after = (Column("y", ColumnType.STRING), Column("x", new), Column("added", ColumnType.DECIMAL))
    content = written(name, [batch_of([("g", value, "a"), (None, None, "")], before)], before)
    assert read_back(name, content, after).to_pylist() == [
        {"y": "a", "x": expected, "added": None},
        {"y": "", "x": None, "added": None},
    ]


@pytest.mark.parametrize("name", FORMATS)
def test_file_that_is_something_else_is_an_error(name: str) -> None:
    with pytest.raises((pa.ArrowException, ValueError, OSError)):
        read_back(name, b"\x00\xff\xfe not a file of ours", (Column("x", ColumnType.INTEGER),))


def test_csv_tells_null_from_empty_and_writes_plain_numbers() -> None:
    assert written("csv", [batch_of(ROWS[:2], COLUMNS)], COLUMNS).decode() == (
        '"text","we ""ird"", name","amount","ratio","on","day","at"\n'
        '"",0,0.000000000,0,false,2024-02-29,2024-02-29T01:02:03.000004Z\n'
        ",,,,,,\n"
    )


def test_formulas_are_delivered_as_they_are() -> None:  # S83
    assert '"=1+1",' in written("csv", [batch_of(ROWS, COLUMNS)], COLUMNS).decode()


def test_json_lines_are_json_with_exact_decimals() -> None:
    lines = written("json", [batch_of(ROWS, COLUMNS)], COLUMNS).decode().split("\n")
    assert lines.pop() == ""
    parsed = [json.loads(line, parse_float=Decimal) for line in lines]
    assert [row["text"] for row in parsed] == [row[0] for row in ROWS]
    assert [row["amount"] for row in parsed] == [row[2] for row in ROWS]
    assert all("E" not in line.split('"amount":')[1].split(",")[0] for line in lines)


@pytest.mark.parametrize("name", ["csv", "json"])
def test_gzip_holds_the_same_bytes_and_repeats_itself(name: str) -> None:
    batches = [batch_of(ROWS, COLUMNS)]
    zipped = written(f"{name}+gzip", batches, COLUMNS)
    assert gzip.decompress(zipped) == written(name, batches, COLUMNS)
    assert zipped == written(f"{name}+gzip", batches, COLUMNS)


@settings(max_examples=60, deadline=None)
@given(
    st.lists(
        st.tuples(
            st.none() | st.text(st.characters(exclude_categories=["Cs"])),
            st.none() | st.decimals(-(10**20), 10**20, places=9),
            st.none() | st.floats(allow_nan=False),
        )
    )
)
def test_any_rows_come_back_from_text_formats(rows: list[tuple[Any, ...]]) -> None:
    columns = (
        Column("text", ColumnType.STRING),
        Column("amount", ColumnType.DECIMAL),
        Column("ratio", ColumnType.FLOAT),
        Column("end", ColumnType.STRING),
    )
    batch = batch_of([(*row, "end") for row in rows], columns)
    for name in ("csv", "json"):
        back = read_back(name, written(name, [batch], columns), columns)
        assert back == pa.Table.from_batches([batch])
