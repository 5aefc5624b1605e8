"""Checks of a unit's rows that keep its repetition safe, shared by loaders that write tables.

A unit is repeated by removing what its account, days and insert date select. A row outside them
would stay and be doubled, so it is stopped before it is written.
"""

from collections import Counter
from collections.abc import Iterator
from datetime import date, datetime

import pyarrow as pa
import pyarrow.compute as pc

from headrace.kit.columns import arrow_schema
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused
from headrace.kit.told import told
from headrace.loaders.contract import (
    ACCOUNT_COLUMN,
    INSERT_DATE_COLUMN,
    Append,
    Full,
    TargetTable,
    Unit,
)


class RowsOutsideUnit(ValueError):
    """A unit was offered rows that it does not cover: a defect of whoever made the unit."""


def check_columns(table: TargetTable) -> None:
    """Raise `Refused` unless the columns can be those of a table: at least one, each named once."""
    if not table.columns:
        raise Refused(
            told(
                "Table {name!r} has no columns to deliver; select at least one field.",
                name=table.name,
            )
        )
    counts = Counter(column.name for column in table.columns)
    double = sorted(name for name, count in counts.items() if count > 1)
    if double:
        raise Refused(
            told(
                "Table {name!r} has more than one column named {double!r}; rename or deselect "
                "one of them.",
                name=table.name,
                double=double[0],
            )
        )


def key_columns(table: TargetTable) -> tuple[str, ...]:
    """The columns that identify a row within its account: the day and the key; empty without a key.

    Raises:
        ValueError: if one of them is not delivered.
    """
    if not table.key:
        return ()
    names = ((table.date_column,) if table.date_column else ()) + table.key
    delivered = {column.name for column in table.columns}
    if missing := [name for name in names if name not in delivered]:
        raise ValueError(f"key columns {missing} of {table.name!r} are not delivered")
    return tuple(dict.fromkeys(name for name in names if name != ACCOUNT_COLUMN))


def rows_of(table: TargetTable, unit: Unit) -> Iterator[pa.RecordBatch]:
    """Open a unit's batches and pass them on as long as they are what the unit says.

    Raises:
        RowsOutsideUnit: at a batch of another schema, account, insert date or day.
    """
    schema = arrow_schema(list(table.columns))
    for batch in unit.batches():
        if not batch.schema.equals(schema, check_metadata=False):
            raise RowsOutsideUnit(f"a batch for {table.name!r} has the schema {batch.schema}")
        if batch.num_rows and not isinstance(unit, Full):
            _check_account(batch, unit.account_id)
            if isinstance(unit, Append):
                _check_insert_date(batch, unit.insert_date)
            if unit.days is not None:
                _check_days(batch, table.date_column, unit.days)
        yield batch


def _check_account(batch: pa.RecordBatch, account_id: str) -> None:
    accounts = batch.column(ACCOUNT_COLUMN)
    if accounts.null_count or not pc.all(pc.equal(accounts, account_id)).as_py():
        raise RowsOutsideUnit(f"a row is not of the account {account_id!r} of its unit")


def _check_insert_date(batch: pa.RecordBatch, insert_date: datetime) -> None:
    moments = batch.column(INSERT_DATE_COLUMN)
    if moments.null_count or not pc.all(pc.equal(moments, pa.scalar(insert_date))).as_py():
        raise RowsOutsideUnit(f"a row was not inserted at {insert_date}, as its unit says")


def _check_days(batch: pa.RecordBatch, date_column: str | None, days: DayRange) -> None:
    if date_column is None:
        raise RowsOutsideUnit("a unit names days, but its table has no date column")
    values = batch.column(date_column)
    if not (pa.types.is_date(values.type) or pa.types.is_timestamp(values.type)):
        return  # days kept as text are compared by the destination
    ends = pc.min_max(values).as_py()
    first, last = _day(ends["min"]), _day(ends["max"])
    if (
        values.null_count
        or first is None
        or last is None
        or not days.first <= first <= last <= days.last
    ):
        raise RowsOutsideUnit(f"rows of {first}..{last} or without a day are not of {days}")


def _day(value: date | datetime | None) -> date | None:
    return value.date() if isinstance(value, datetime) else value
