"""Reading live rows: columns and types over time, days, pages, counts, SQL, lost files."""

from contextlib import AbstractContextManager
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.days import DayRange
from headrace.table_store import (
    FileLost,
    Lake,
    TableColumn,
    TableRows,
    aggregate,
    count_rows,
    query,
    sample,
    scan,
)
from headrace.table_store.widening import widen
from table_store.tables import COLUMNS, SmallTable, batch_of, counted, day, days, rows_of

_MICRO = datetime(2026, 1, 2, 3, 4, 5, 678900, tzinfo=UTC)


@pytest.mark.parametrize(
    ("source", "values", "target", "widened"),
    [
        ("integer", [1, None, 2**63 - 1], "decimal", [Decimal(1), None, Decimal(2**63 - 1)]),
        ("integer", [1, 2**53 + 1], "float", [1.0, float(2**53)]),
        ("integer", [-7, None], "string", ["-7", None]),
        ("decimal", [Decimal("1.5"), None], "float", [1.5, None]),
        (
            "decimal",
            [Decimal("1.500000000"), Decimal("0E-9"), Decimal("-0.000000001"), Decimal(100), None],
            "string",
            ["1.5", "0", "-0.000000001", "100", None],
        ),
        ("float", [0.1, 1e300, None], "string", ["0.1", "1e+300", None]),
        ("boolean", [True, False, None], "string", ["true", "false", None]),
        ("date", [date(2026, 1, 2), None], "datetime", [datetime(2026, 1, 2, tzinfo=UTC), None]),
        ("date", [date(2026, 1, 2), None], "string", ["2026-01-02", None]),
        ("datetime", [datetime(2026, 1, 2, tzinfo=UTC), None], "string", ["2026-01-02T00:00:00Z", None]),
        ("datetime", [_MICRO], "string", ["2026-01-02T03:04:05.678900Z"]),
        ("string", ["x", None], "string", ["x", None]),
    ],
)  # fmt: skip
def test_widening_keeps_values(  # F10
    source: ColumnType, values: list[Any], target: ColumnType, widened: list[Any]
) -> None:
    result = widen(pa.array(values, ARROW_TYPES[source]), ColumnType(target), "n")
    assert result.type == ARROW_TYPES[target]
    assert result.to_pylist() == widened


@pytest.mark.parametrize(
    ("source", "target"),
    [("string", "integer"), ("float", "decimal"), ("decimal", "integer"), ("datetime", "date"),
     ("boolean", "integer")],
)  # fmt: skip
def test_narrowing_is_refused(source: ColumnType, target: ColumnType) -> None:
    with pytest.raises(ValueError, match="widen the table's column"):
        widen(pa.array([None], ARROW_TYPES[source]), ColumnType(target), "n")


def test_older_files_read_as_the_table_is_now(table: SmallTable) -> None:  # F10
    def put(window: int, **columns: Any) -> None:
        batch = pa.record_batch({"date_start": pa.array([day(window)]), **columns})
        staged = table.stage("a", [batch])
        with table.sessions.begin() as session:
            table.replace_in(session, "a", days(window, window), staged)

    put(0, clicks=pa.array([3]))
    put(1, clicks=pa.array([Decimal("2.5")], ARROW_TYPES[ColumnType.DECIMAL]), note=["x"])
    put(2, clicks=pa.array(["many"]), dropped=pa.array([True]))
    columns = [
        TableColumn("date_start", "day", ColumnType.DATETIME),
        TableColumn("clicks", "clicks", ColumnType.STRING),
        TableColumn("note", "note", ColumnType.STRING),
        TableColumn("note", "note_again", ColumnType.STRING),
    ]
    batches = list(scan(table.lake, table.live(), columns, date_field="date_start"))

    read = pa.Table.from_batches(batches).sort_by("day")
    assert read.schema.names == ["day", "clicks", "note", "note_again"]
    assert read.column("clicks").to_pylist() == ["3", "2.5", "many"]
    assert (
        read.column("note").to_pylist()
        == read.column("note_again").to_pylist()
        == [None, "x", None]
    )


def test_columns_that_no_file_has_are_null(table: SmallTable) -> None:
    table.replace("a", days(0, 2), rows_of(range(3)))
    columns = [TableColumn("late", "late", ColumnType.DECIMAL)]
    batches = list(scan(table.lake, table.live(), columns, date_field="date_start"))
    assert pa.Table.from_batches(batches).to_pydict() == {"late": [None] * 3}


@pytest.mark.parametrize(
    "window", [days(0, 19), days(4, 4), days(5, 13), days(19, 30), days(40, 41)]
)
def test_days_keep_only_their_rows(table: SmallTable, window: DayRange) -> None:
    rows = rows_of(range(20))
    table.replace("a", days(0, 19), rows)
    table.replace("a", days(5, 8), rows_of([6], "new"))
    now = [row for row in rows if row[0] not in set(days(5, 8).days())] + rows_of([6], "new")
    expected = [row for row in now if row[0] in set(window.days())]

    assert table.read(window=window) == counted("a", expected)
    counts = count_rows(table.lake, table.live(), date_field="date_start", days=window)
    assert counts == len(expected)


def test_a_clipped_file_whose_days_are_moments(table: SmallTable) -> None:
    moments = [datetime(2026, 1, 1 + hour // 24, hour % 24, tzinfo=UTC) for hour in range(72)]
    batch = pa.record_batch({"at": pa.array(moments, ARROW_TYPES[ColumnType.DATETIME])})
    staged = table.stage("a", [batch], date_field="at")
    with table.sessions.begin() as session:
        table.replace_in(session, "a", days(0, 2), staged)
        table.replace_in(session, "a", days(1, 1), None)

    columns = [TableColumn("at", "at", ColumnType.DATETIME)]
    batches = list(scan(table.lake, table.live(), columns, date_field="at"))
    assert pa.Table.from_batches(batches).column("at").to_pylist() == moments[:24] + moments[48:]


def test_batches_are_no_larger_than_asked(table: SmallTable) -> None:
    table.replace("a", days(0, 0), rows_of([0] * 1_000))
    batches = list(scan(table.lake, table.live(), COLUMNS, date_field="date_start", batch_rows=300))
    assert max(batch.num_rows for batch in batches) <= 300
    assert sum(batch.num_rows for batch in batches) == 1_000


def test_more_files_than_are_opened_at_once(table: SmallTable) -> None:
    for number in range(150):
        table.replace(f"account {number}", days(0, 0), rows_of([0]))
    assert sum(table.read().values()) == 150


def test_pages_put_together_are_the_table(table: SmallTable) -> None:
    table.replace("a", days(0, 99), rows_of([number % 100 for number in range(20_000)]))
    table.replace("a", days(30, 39), rows_of(range(30, 40), "new"))
    table.replace("b", days(0, 9), rows_of(range(10)))
    live = table.live()
    total = count_rows(table.lake, live, date_field="date_start")
    assert total == 18_000 + 10 + 10

    pages = [
        sample(table.lake, live, COLUMNS, date_field="date_start", limit=997, offset=offset)
        for offset in range(0, total, 997)
    ]

    assert [page.num_rows for page in pages[:-1]] == [997] * (len(pages) - 1)
    whole = pa.Table.from_batches(list(scan(table.lake, live, COLUMNS, date_field="date_start")))
    order = [(name, "ascending") for name in whole.schema.names]
    assert pa.concat_tables(pages).sort_by(order).equals(whole.sort_by(order))


def test_a_page_of_nothing(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    beyond = sample(table.lake, table.live(), COLUMNS, date_field="date_start", limit=5, offset=10)
    assert beyond.num_rows == 0
    assert beyond.schema.names == ["date", "ad", "spend", "account_id"]
    assert sample(table.lake, [], COLUMNS, date_field=None, limit=5).num_rows == 0


def test_a_page_opens_only_the_files_it_needs(table: SmallTable, lake_folder: Path) -> None:
    for account in "abc":
        table.replace(account, days(0, 9), rows_of(range(10)))
    live = table.live()
    for segment in (live[0], live[2]):
        (lake_folder / str(segment.path)).unlink()

    page = sample(table.lake, live, COLUMNS, date_field="date_start", limit=4, offset=12)

    assert page.column("account_id").to_pylist() == ["b"] * 4
    assert count_rows(table.lake, live, date_field="date_start") == 30


def test_a_lost_file_is_named(table: SmallTable, lake_folder: Path) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    path = lake_folder / str(table.live()[0].path)
    path.write_bytes(path.read_bytes()[:-10])
    with pytest.raises(FileLost, match=f"{path.name} of the lake is missing or damaged"):
        table.read()
    path.unlink()
    with pytest.raises(FileLost, match="restore it from a backup"):
        table.read()
    with pytest.raises(FileLost):
        sample(table.lake, table.live(), COLUMNS, date_field="date_start", limit=1)


def test_days_without_a_date_field_are_refused(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    with pytest.raises(ValueError, match="without a date field"):
        next(scan(table.lake, table.live(), COLUMNS, date_field=None, days=days(1, 2)))


def test_sums_by_group_are_exact(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10), spend="0.1"))
    table.replace("a", days(2, 3), rows_of([2], spend="1000000000000.000000001"))
    table.replace("b", days(0, 1), rows_of([0, 1], spend="-1"))
    live = table.live()

    by_account = aggregate(
        table.lake, live, COLUMNS, date_field="date_start", sums=["spend"], by=["account_id"]
    )
    total = aggregate(
        table.lake, live, COLUMNS, date_field="date_start", sums=["spend"], days=days(0, 0)
    )

    assert by_account.to_pylist() == [
        {"account_id": "a", "rows": 9, "spend": Decimal("1000000000000.800000001")},
        {"account_id": "b", "rows": 2, "spend": Decimal("-2.000000000")},
    ]
    assert total.to_pylist() == [{"rows": 2, "spend": Decimal("-0.900000000")}]
    assert aggregate(table.lake, [], COLUMNS, date_field=None).to_pylist() == [{"rows": 0}]


def test_a_table_may_be_named_more_than_once(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    joined = query(
        table.lake,
        'SELECT count(*) AS n FROM "my rows" one JOIN "my rows" other USING (date)',
        {"my rows": TableRows(table.live(), COLUMNS, "date_start")},
    )
    assert joined.to_pylist() == [{"n": 10}]


outside_canary = pa.table({"secret": ["canary"]})


@pytest.mark.parametrize(
    "sql",
    [
        "SELECT * FROM read_csv('/etc/passwd')",
        "SELECT * FROM '/etc/passwd'",
        "SELECT * FROM read_text('https://example.com')",
        "COPY (SELECT 1) TO '/tmp/out.csv'",
        "ATTACH '/tmp/other.db'",
        "INSTALL httpfs",
        "LOAD httpfs",
        "SET enable_external_access = true",
        "SET memory_limit = '1TB'",
        "SELECT * FROM outside_canary",
    ],
)
def test_sql_reaches_nothing_else(table: SmallTable, sql: str) -> None:
    with pytest.raises(duckdb.Error):
        query(table.lake, sql, {})


def test_sql_beyond_its_memory_is_refused(table: SmallTable) -> None:
    hungry = "SELECT list(range) FROM range(100000000)"
    with pytest.raises(duckdb.OutOfMemoryException):
        query(table.lake, hungry, {}, memory_limit="64MB")


def test_pages_keep_rows_in_file_order(table: SmallTable) -> None:
    table.replace("a", days(0, 3), rows_of([3, 1, 0, 2]))
    page = sample(table.lake, table.live(), COLUMNS, date_field="date_start", limit=2, offset=1)
    assert page.column("date").to_pylist() == [day(1), day(2)]


def test_an_empty_batch_is_an_answer(table: SmallTable) -> None:
    staged = table.stage("a", [batch_of([]), batch_of(rows_of([1]))])
    assert staged is not None
    assert staged.rows == 1


def test_sql_over_a_lost_file_names_it(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    table.lake.delete(str(table.live()[0].path))
    with pytest.raises(FileLost, match="missing or damaged"):
        query(table.lake, "FROM t", {"t": TableRows(table.live(), COLUMNS, "date_start")})


def test_a_slow_reader_holds_little(table: SmallTable) -> None:  # F19
    for number in range(40):
        table.replace(f"account {number}", days(0, 0), rows_of([0]))
    opened: list[str] = []

    class WatchedLake(Lake):
        def errors(self, path: str) -> AbstractContextManager[None]:
            opened.append(path)
            return super().errors(path)

    watched = WatchedLake(table.lake.filesystem, None, "watched")
    batches = scan(watched, table.live(), COLUMNS, date_field="date_start")
    next(batches)
    assert len(set(opened)) < 20
    batches.close()
    assert len(set(opened)) < 20
    assert sum(table.read().values()) == 40
