"""SQL over live rows, by a DuckDB that reaches no file, no network and no extension."""

import json
from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from typing import Any

import duckdb
import pyarrow as pa

from headrace.kit.columns import ColumnType
from headrace.kit.days import DayRange
from headrace.table_store.lake import Lake
from headrace.table_store.paging import count_rows
from headrace.table_store.scanning import scan
from headrace.table_store.segments import Segment
from headrace.table_store.widening import TableColumn, delivered_schema

MEMORY_LIMIT = "256MB"
THREADS = 2

SQL_TYPES = {
    ColumnType.STRING: "VARCHAR",
    ColumnType.INTEGER: "BIGINT",
    ColumnType.DECIMAL: "DECIMAL(38,9)",
    ColumnType.FLOAT: "DOUBLE",
    ColumnType.BOOLEAN: "BOOLEAN",
    ColumnType.DATE: "DATE",
    ColumnType.DATETIME: "TIMESTAMPTZ",
}
"""The types that columns have in SQL."""

_INTEGERS = {
    "TINYINT", "SMALLINT", "INTEGER", "BIGINT", "HUGEINT", "UTINYINT", "USMALLINT", "UINTEGER",
    "UBIGINT",
}  # fmt: skip
_COLUMN_TYPES = {
    **dict.fromkeys(_INTEGERS, ColumnType.INTEGER),
    **dict.fromkeys(("VARCHAR", "UUID", "TIME", "INTERVAL", '"NULL"', "NULL"), ColumnType.STRING),
    **dict.fromkeys(("FLOAT", "DOUBLE"), ColumnType.FLOAT),
    "BOOLEAN": ColumnType.BOOLEAN,
    "DATE": ColumnType.DATE,
    **dict.fromkeys(
        ("TIMESTAMP", "TIMESTAMP WITH TIME ZONE", "TIMESTAMP_S", "TIMESTAMP_MS", "TIMESTAMP_NS"),
        ColumnType.DATETIME,
    ),
}


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
) -> Any:
    """Run one SQL statement over tables under the names given and return an Arrow table.

    The statement can reach nothing but those tables. `memory_limit` is DuckDB's, such as `256MB`.

    Raises:
        duckdb.Error: if the statement is wrong, reaches further, or needs more memory.
        FileLost, LakeUnreachable: as `scan`.
    """
    with closed_connection(memory_limit, threads) as connection:
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


def quoted(name: str) -> str:
    """Write a name as an identifier."""
    return '"' + name.replace('"', '""') + '"'


def column_type_of_sql(sql_type: str) -> ColumnType | None:
    """Return the column type that holds a type DuckDB names; None where none does."""
    if sql_type.startswith("DECIMAL("):
        return ColumnType.DECIMAL
    return _COLUMN_TYPES.get(sql_type)


def syntax_tree(sql: str) -> Any:
    """Parse statements with DuckDB's parser, and return its tree: `{"statements": [...]}`.

    Raises:
        ValueError: saying what is wrong, if they cannot be parsed or one is no SELECT.
    """
    if "\0" in sql:
        raise ValueError("the statement holds the character NUL.")
    with closed_connection(MEMORY_LIMIT) as connection:
        found = connection.execute("SELECT json_serialize_sql(?::VARCHAR)", [sql]).fetchone()
    tree = json.loads(found[0]) if found else {"error": True}
    if tree["error"]:
        raise ValueError(str(tree.get("error_message", "it cannot be parsed.")))
    return tree


def describe(sql: str, relations: Mapping[str, Mapping[str, ColumnType]]) -> list[tuple[str, str]]:
    """Return the names and DuckDB types of a SELECT's columns, without running it.

    relations: the types of the columns of everything it may read, by name.

    Raises:
        ValueError: saying what is wrong, if it names what is not there or does not fit.
    """
    with closed_connection(MEMORY_LIMIT) as connection:
        for name, columns in relations.items():
            listed = ", ".join(f"{quoted(one)} {SQL_TYPES[kind]}" for one, kind in columns.items())
            connection.execute(f"CREATE TABLE {quoted(name)} ({listed})")
        try:
            bound = connection.sql(sql)
            return [
                (name, str(kind)) for name, kind in zip(bound.columns, bound.types, strict=True)
            ]
        except duckdb.Error as error:
            raise ValueError(str(error).split("\n\n")[0]) from error


def closed_connection(
    memory_limit: str, threads: int = 1, *, temp_folder: str = "", temp_mb: int = 0
) -> duckdb.DuckDBPyConnection:
    """Open a DuckDB in memory that reaches no file, network, extension or variable of ours.

    What does not fit in memory goes to files of at most `temp_mb` in `temp_folder`, and nowhere
    without one.
    """
    settings: dict[str, str | bool | int | float | list[str]] = {
        "memory_limit": memory_limit,
        "threads": threads,
        "enable_external_access": False,
        "autoinstall_known_extensions": False,
        "autoload_known_extensions": False,
        "python_enable_replacements": False,
        "max_temp_directory_size": f"{temp_mb}MB",
    }
    if temp_folder:
        settings["temp_directory"] = temp_folder
    connection = duckdb.connect(":memory:", config=settings)
    connection.execute("SET TimeZone = 'UTC'")
    connection.execute("SET lock_configuration = true")
    return connection
