"""Windows and appends: what an earlier attempt left is taken away, and the rows are written."""

from collections.abc import Iterable

import pyarrow as pa
from psycopg import sql

from headrace.kit.columns import ColumnType, arrow_schema
from headrace.kit.days import DayRange
from headrace.loaders.contract import (
    ACCOUNT_COLUMN,
    INSERT_DATE_COLUMN,
    Append,
    Delivered,
    TargetTable,
    Unit,
    Upsert,
    Window,
)
from headrace.loaders.rows import RowsOutsideUnit, rows_of
from headrace.loaders.targets.postgre_sql.connection import Connection
from headrace.loaders.targets.postgre_sql.copying import copy_rows
from headrace.loaders.targets.postgre_sql.names import RESERVED_PREFIX, column_list
from headrace.loaders.targets.postgre_sql.shape import Shape, column_definitions

STAGE = sql.Identifier("pg_temp", f"{RESERVED_PREFIX}stage")


def replace_rows(
    connection: Connection,
    into: sql.Identifier,
    table: TargetTable,
    shape: Shape,
    unit: Window | Append | Upsert,
) -> Delivered:
    """Delete what the unit covers and copy its rows, in the caller's transaction."""
    deletion = sql.SQL("DELETE FROM {} AS t WHERE {}").format(into, scope(table, shape, unit))
    deleted = connection.execute(deletion).rowcount
    return Delivered(insert_rows(connection, into, table, shape, unit), deleted)


def insert_rows(
    connection: Connection, into: sql.Identifier, table: TargetTable, shape: Shape, unit: Unit
) -> int:
    """Copy a unit's rows; through a stage where the table's types are wider than those sent."""
    schema = arrow_schema(list(table.columns))
    if not shape.differing(table.columns):
        return copy_rows(connection, into, schema, rows_of(table, unit))
    staged = stage_rows(connection, table, rows_of(table, unit))
    names = column_list(schema.names)
    statement = sql.SQL("INSERT INTO {} ({}) SELECT {} FROM {}")
    connection.execute(statement.format(into, names, names, STAGE))
    return staged


def stage_rows(
    connection: Connection, table: TargetTable, batches: Iterable[pa.RecordBatch]
) -> int:
    """Copy batches into a temporary table that ends with the transaction; return their rows."""
    statement = sql.SQL("CREATE TEMPORARY TABLE {} ({}) ON COMMIT DROP")
    connection.execute(statement.format(STAGE, column_definitions(table.columns)))
    schema = arrow_schema(list(table.columns))
    return copy_rows(connection, STAGE, schema, batches, frozen=True)


def scope(table: TargetTable, shape: Shape, unit: Window | Append | Upsert) -> sql.Composed:
    """The condition, on a table called `t`, that selects the rows a unit answers for."""
    parts = [_equals(ACCOUNT_COLUMN, sql.Literal(unit.account_id))]
    if isinstance(unit, Append):
        moment = sql.Literal(unit.insert_date)
        parts.append(_equals(INSERT_DATE_COLUMN, moment))
    if unit.days is not None:
        if table.date_column is None:
            raise RowsOutsideUnit("a unit names days, but its table has no date column")
        parts.append(_within(table.date_column, shape.kind(table.date_column), unit.days))
    return sql.SQL(" AND ").join(parts)


def _equals(name: str, value: sql.Literal) -> sql.Composed:
    return sql.SQL("{} = {}").format(sql.Identifier("t", name), value)


def _within(name: str, kind: ColumnType, days: DayRange) -> sql.Composed:
    """Days of a date, a moment (in UTC, as the transaction is) or a text that begins with one."""
    column: sql.Composable = sql.Identifier("t", name)
    if kind is ColumnType.DATETIME:
        column = sql.SQL("{}::date").format(column)
    elif kind is ColumnType.STRING:
        column = sql.SQL("left({}, 10)").format(column)
    ends = [sql.Literal(day.isoformat()) for day in (days.first, days.last)]
    return sql.SQL("{} BETWEEN {} AND {}").format(column, *ends)
