"""SQL over live rows, by a DuckDB that reaches no file, no network and no extension."""

from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from threading import Timer
from typing import Any

import duckdb
import pyarrow as pa

from headrace.kit.closed_sql import closed_connection, quoted
from headrace.kit.days import DayRange
from headrace.table_store.lake import Lake
from headrace.table_store.paging import count_rows
from headrace.table_store.scanning import scan
from headrace.table_store.segments import Segment
from headrace.table_store.widening import TableColumn, delivered_schema

MEMORY_LIMIT = "256MB"
THREADS = 2


@dataclass(frozen=True)
class TableRows:
    """What a query sees as one table: the columns of some segments, of some days or of all."""

    segments: Sequence[Segment]
    columns: Sequence[TableColumn]
    date_field: str | None
    days: DayRange | None = None


class LiveRows:
    """Rows that DuckDB may read as often as a query names them: each read is a new scan."""

    def __init__(self, lake: Lake, rows: TableRows) -> None:
        self._lake = lake
        self._rows = rows
        self.fault: Exception | None = None

    def __arrow_c_stream__(self, requested_schema: object = None) -> object:
        schema = delivered_schema(self._rows.columns)
        reader = pa.RecordBatchReader.from_batches(schema, self._batches())
        return reader.__arrow_c_stream__(requested_schema)

    def _batches(self) -> Iterator[Any]:
        rows = self._rows
        try:
            yield from scan(
                self._lake, rows.segments, rows.columns, date_field=rows.date_field, days=rows.days
            )
        except Exception as fault:
            self.fault = fault  # DuckDB would tell it as text in an error of its own
            raise


def query(
    lake: Lake,
    sql: str,
    tables: Mapping[str, TableRows],
    *,
    memory_limit: str = MEMORY_LIMIT,
    threads: int = THREADS,
    seconds: float | None = None,
) -> Any:
    """Run one SQL statement over tables under the names given and return an Arrow table.

    The statement can reach nothing but those tables. `memory_limit` is DuckDB's, such as `256MB`;
    `seconds` is how long the statement may take, None for any time.

    Raises:
        duckdb.Error: if the statement is wrong, reaches further, or needs more memory or time.
        FileLost, LakeUnreachable: as `scan`.
    """
    with closed_connection(memory_limit, threads) as connection, _ended(connection, seconds):
        read = {name: LiveRows(lake, rows) for name, rows in tables.items()}
        for name, rows in read.items():
            connection.register(name, rows)
        try:
            return connection.sql(sql).to_arrow_table()
        except duckdb.Error as refusal:
            for rows in read.values():
                if rows.fault is not None:
                    raise rows.fault from refusal
            raise


@contextmanager
def _ended(connection: duckdb.DuckDBPyConnection, seconds: float | None) -> Iterator[None]:
    """Interrupt whatever a connection is at when its time is over."""
    if seconds is None:
        yield
        return
    overdue = Timer(seconds, connection.interrupt)
    overdue.daemon = True
    overdue.start()
    try:
        yield
    finally:
        overdue.cancel()


def aggregate(
    lake: Lake,
    segments: Sequence[Segment],
    columns: Sequence[TableColumn],
    *,
    date_field: str | None,
    sums: Sequence[str] = (),
    by: Sequence[str] = (),
    days: DayRange | None = None,
) -> Any:
    """Count rows and sum columns, by groups; returns an Arrow table.

    Its columns are those of `by`, then `rows`, then those of `sums` (all delivered names); its rows
    are ordered by group. Sums of no values are null; decimals stay decimals.

    Raises:
        FileLost, LakeUnreachable, ValueError: as `scan`.
    """
    used = [column for column in columns if column.name in {*sums, *by}]
    if not used:
        rows = count_rows(lake, segments, date_field=date_field, days=days)
        return pa.table({"rows": pa.array([rows], pa.int64())})
    groups = [quoted(name) for name in by]
    chosen = [*groups, 'count(*) AS "rows"', *(f"sum({quoted(n)}) AS {quoted(n)}" for n in sums)]
    sql = f"SELECT {', '.join(chosen)} FROM live"  # noqa: S608 - the names are quoted
    if groups:
        sql += f" GROUP BY {', '.join(groups)} ORDER BY {', '.join(groups)}"
    return query(lake, sql, {"live": TableRows(segments, used, date_field, days)})
