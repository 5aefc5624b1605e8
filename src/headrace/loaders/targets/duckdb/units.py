"""The four units, each inside a transaction of its caller's."""

# ruff: noqa: S608 - names pass `quoted`, values are bound

from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from typing import Any

import duckdb
import pyarrow as pa

from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.loaders.contract import (
    ACCOUNT_COLUMN,
    INSERT_DATE_COLUMN,
    Append,
    Delivered,
    Full,
    TargetTable,
    Unit,
    Upsert,
    Window,
)
from headrace.loaders.rows import RowsOutsideUnit, key_columns, rows_of
from headrace.loaders.targets.duckdb.shape import converted, listed, quoted, shaped

_INCOMING = "__headrace_incoming"
_STAGE = "temp.__headrace_stage"


def carry_out(connection: duckdb.DuckDBPyConnection, table: TargetTable, unit: Unit) -> Delivered:
    """Make the table fit, take away what the unit covers, and write its rows."""
    columns = shaped(connection, table)
    if isinstance(unit, Upsert) and table.key:
        return _merge(connection, table, columns, unit)
    where, values = ("true", []) if isinstance(unit, Full) else _scope(table, columns, unit)
    deleted = _count(connection, f"DELETE FROM {quoted(table.name)} AS t WHERE {where}", values)
    with _incoming(connection, table, unit):
        statement = (
            f"INSERT INTO {quoted(table.name)} ({listed(columns)})"
            f" SELECT {converted(columns)} FROM {_INCOMING}"
        )
        return Delivered(_count(connection, statement), deleted)


@contextmanager
def _incoming(
    connection: duckdb.DuckDBPyConnection, table: TargetTable, unit: Unit
) -> Iterator[None]:
    """Offer a unit's rows to DuckDB as a view that can be read once.

    DuckDB hides an exception of the rows' source behind one of its own; here it comes out again.
    """
    failures: list[BaseException] = []

    def rows() -> Iterator[pa.RecordBatch]:
        try:
            yield from rows_of(table, unit)
        except BaseException as error:
            failures.append(error)
            raise

    reader = pa.RecordBatchReader.from_batches(arrow_schema(list(table.columns)), rows())
    connection.register(_INCOMING, reader)
    try:
        yield
    except duckdb.Error:
        if failures:
            raise failures[0] from None
        raise
    connection.unregister(_INCOMING)  # after a failure the view goes with the transaction


def _merge(
    connection: duckdb.DuckDBPyConnection,
    table: TargetTable,
    columns: Sequence[Column],
    unit: Upsert,
) -> Delivered:
    """Stage the rows; delete what vanished, update what changed, insert what is new."""
    keys = [column for column in columns if column.name in key_columns(table)]
    with _incoming(connection, table, unit):
        connection.execute(
            f"CREATE TEMPORARY TABLE {_STAGE} AS SELECT {converted(columns)} FROM {_INCOMING}"
        )
    _drop_doubles(connection, _STAGE, keys, "true", [], "DESC")
    into = quoted(table.name)
    where, values = _scope(table, columns, unit)
    match = " AND ".join(f"t.{name} IS NOT DISTINCT FROM s.{name}" for name in _quoted(keys))
    deleted = _count(
        connection,
        f"DELETE FROM {into} WHERE rowid IN (SELECT t.rowid FROM {into} AS t"
        f" ANTI JOIN {_STAGE} AS s ON ({match}) WHERE {where})",
        values,
    )
    deleted += _drop_doubles(connection, into, keys, where, values, "ASC")
    updated = _update(connection, into, columns, keys, match, where, values)
    inserted = _count(
        connection,
        f"INSERT INTO {into} ({listed(columns)}) SELECT {listed(columns, 's.')} FROM {_STAGE} AS s"
        f" ANTI JOIN (SELECT * FROM {into} AS t WHERE {where}) AS t ON ({match})",
        values,
    )
    connection.execute(f"DROP TABLE {_STAGE}")
    return Delivered(updated + inserted, deleted)


def _update(
    connection: duckdb.DuckDBPyConnection,
    into: str,
    columns: Sequence[Column],
    keys: Sequence[Column],
    match: str,
    where: str,
    values: list[Any],
) -> int:
    others = [c for c in columns if c not in keys and c.name != ACCOUNT_COLUMN]
    if not others:
        return 0
    changes = ", ".join(f"{name} = s.{name}" for name in _quoted(others))
    changed = " OR ".join(f"t.{name} IS DISTINCT FROM s.{name}" for name in _quoted(others))
    statement = (
        f"UPDATE {into} AS t SET {changes} FROM {_STAGE} AS s"
        f" WHERE {where} AND {match} AND ({changed})"
    )
    return _count(connection, statement, values)


def _drop_doubles(
    connection: duckdb.DuckDBPyConnection,
    relation: str,
    keys: Sequence[Column],
    where: str,
    values: list[Any],
    order: str,
) -> int:
    """Of rows with the same key keep the first, or with `DESC` the last that arrived."""
    names = listed(keys, "t.")
    double = (
        f"SELECT 1 FROM {relation} AS t WHERE {where} GROUP BY {names} HAVING count(*) > 1 LIMIT 1"
    )
    if connection.execute(double, values).fetchone() is None:
        return 0
    return _count(
        connection,
        f"DELETE FROM {relation} WHERE rowid IN (SELECT t.rowid FROM {relation} AS t WHERE {where}"
        f" QUALIFY row_number() OVER (PARTITION BY {names} ORDER BY t.rowid {order}) > 1)",
        values,
    )


def _scope(
    table: TargetTable, columns: Sequence[Column], unit: Window | Append | Upsert
) -> tuple[str, list[Any]]:
    """The condition, on a table called `t`, that selects the rows a unit answers for."""
    where = f"t.{quoted(ACCOUNT_COLUMN)} = ?"
    values: list[Any] = [unit.account_id]
    if isinstance(unit, Append):
        where += f" AND t.{quoted(INSERT_DATE_COLUMN)} = ?"
        values.append(unit.insert_date)
    if unit.days is not None:
        if table.date_column is None:
            raise RowsOutsideUnit("a unit names days, but its table has no date column")
        kind = next(column.type for column in columns if column.name == table.date_column)
        day = f"t.{quoted(table.date_column)}"
        if kind is ColumnType.DATETIME:
            day = f"CAST({day} AS DATE)"
        elif kind is ColumnType.STRING:
            day = f"TRY_CAST(left({day}, 10) AS DATE)"
        where += f" AND {day} BETWEEN ? AND ?"
        values += [unit.days.first, unit.days.last]
    return where, values


def _quoted(columns: Sequence[Column]) -> list[str]:
    return [quoted(column.name) for column in columns]


def _count(
    connection: duckdb.DuckDBPyConnection, statement: str, values: Sequence[Any] = ()
) -> int:
    """Run a statement that changes rows and return how many."""
    row = connection.execute(statement, list(values)).fetchone()
    return int(row[0]) if row else 0
