"""SQL text of names, values and conditions: identifiers quoted, values written as literals."""

from collections.abc import Mapping, Sequence
from datetime import date, datetime
from decimal import Decimal

from headrace.connectors.cells import parse_cell
from headrace.kit.closed_sql import SQL_TYPES, quoted
from headrace.kit.columns import NUMBERS, ColumnType
from headrace.kit.told import Told, told
from headrace.recipes.errors import StepRefused
from headrace.recipes.steps import Condition, Scalar
from headrace.templates.filters import Operator

_LISTS = (Operator.IN, Operator.NOT_IN)
_PARTS = (Operator.CONTAINS, Operator.NOT_CONTAINS)
_ORDERS = {Operator.GT: ">", Operator.GTE: ">=", Operator.LT: "<", Operator.LTE: "<="}

Columns = Mapping[str, ColumnType]
"""Types of the columns of a relation, by name, in order."""


def literal(step: str, value: object, kind: ColumnType) -> str:
    """Write a value of a column type; None is a null of that type.

    Raises:
        StepRefused: if a text holds NUL, which no column can.
    """
    sql_type = SQL_TYPES[kind]
    if value is None:
        return f"CAST(NULL AS {sql_type})"
    if isinstance(value, bool):
        return "TRUE" if value else "FALSE"
    text = value.isoformat() if isinstance(value, date | datetime) else str(value)
    if isinstance(value, Decimal):
        text = f"{value:f}"
    if "\0" in text:
        raise StepRefused(step, told("a value holds the character NUL, which no text may."))
    escaped = text.replace("'", "''")
    return f"'{escaped}'" if kind is ColumnType.STRING else f"CAST('{escaped}' AS {sql_type})"


def type_of_value(value: Scalar) -> ColumnType | None:
    """Return the type a column has that is given a value; None for null, which fits any."""
    if value is None:
        return None
    if isinstance(value, bool):
        return ColumnType.BOOLEAN
    if isinstance(value, int):
        return ColumnType.INTEGER
    # Written as JSON, a fraction is meant as it is written: a decimal.
    return ColumnType.DECIMAL if isinstance(value, float) else ColumnType.STRING


def found(step: str, columns: Columns, name: str, place: Told) -> ColumnType:
    """Return the type of a column of a relation.

    Raises:
        StepRefused: naming step, column and `place` if there is no such column.
    """
    if name not in columns:
        known: Told | str = told("{number} others", number=len(columns))
        if len(columns) <= 30:
            known = ", ".join(columns)
        raise StepRefused(
            step,
            told(
                "there is no column {name!r} in {place}; it has {known}.",
                name=name,
                place=place,
                known=known,
            ),
        )
    return columns[name]


def condition(step: str, asked: Condition, columns: Columns, place: Told) -> str:
    """Write a condition; never null: a missing value equals null and nothing else.

    Raises:
        StepRefused: if the column is missing, or the operator or value does not fit its type.
    """
    kind = found(step, columns, asked.column, place)
    operator, name = asked.operator, quoted(asked.column)
    _check_operator(step, asked, kind)
    if operator in _LISTS:
        values = asked.value if isinstance(asked.value, list) else []
        any_of = _any_of(name, [_value(step, asked, kind, one) for one in values])
        return any_of if operator is Operator.IN else f"NOT {any_of}"
    if isinstance(asked.value, list):
        raise StepRefused(
            step,
            told(
                "{operator} on {column!r} takes one value, not a list.",
                operator=operator,
                column=asked.column,
            ),
        )
    value = _value(step, asked, kind, asked.value)
    if operator is Operator.EQ:
        return f"({name} IS NOT DISTINCT FROM {value})"
    if operator is Operator.NE:
        return f"({name} IS DISTINCT FROM {value})"
    if operator in _PARTS:
        contains = f"coalesce(contains({name}, {value}), FALSE)"
        return contains if operator is Operator.CONTAINS else f"NOT {contains}"
    return f"coalesce({name} {_ORDERS[operator]} {value}, FALSE)"


def all_of(parts: Sequence[str]) -> str:
    """Join conditions of which each must hold."""
    return " AND ".join(parts) if parts else "TRUE"


def _any_of(name: str, values: Sequence[str]) -> str:
    tests = [f"{name} IS NOT DISTINCT FROM {value}" for value in values]
    return f"({' OR '.join(tests)})"


def _check_operator(step: str, asked: Condition, kind: ColumnType) -> None:
    operator, column = asked.operator, asked.column
    if operator in _LISTS and (not isinstance(asked.value, list) or not asked.value):
        raise StepRefused(
            step,
            told(
                "{operator} on {column!r} takes a list of at least one value.",
                operator=operator,
                column=column,
            ),
        )
    if operator in _PARTS and kind is not ColumnType.STRING:
        raise StepRefused(
            step,
            told(
                "{operator} is for text, and column {column!r} is {kind}.",
                operator=operator,
                column=column,
                kind=kind,
            ),
        )
    if operator in _ORDERS and kind is ColumnType.BOOLEAN:
        raise StepRefused(
            step,
            told(
                "{operator} does not apply to column {column!r}, a boolean.",
                operator=operator,
                column=column,
            ),
        )


def _value(step: str, asked: Condition, kind: ColumnType, value: Scalar) -> str:
    if value is None and asked.operator in (*_ORDERS, *_PARTS):
        raise StepRefused(
            step,
            told(
                "{operator} on {column!r} needs a value, not null.",
                operator=asked.operator,
                column=asked.column,
            ),
        )
    return literal(step, cell(step, asked.column, kind, value), kind)


def cell(step: str, column: str, kind: ColumnType, value: Scalar) -> object:
    """Read a value as one of a column's type.

    Raises:
        StepRefused: naming step and column if it is none.
    """
    if value is None:
        return None
    wrong = StepRefused(
        step,
        told(
            "{value!r} is not a value of column {column!r}, a {kind}.",
            value=str(value)[:60],
            column=column,
            kind=kind,
        ),
    )
    if isinstance(value, bool) != (kind is ColumnType.BOOLEAN) and kind is not ColumnType.STRING:
        raise wrong
    if isinstance(value, float) and kind in NUMBERS:
        value = repr(value)
    try:
        read: object = parse_cell(kind, value)
    except ValueError as error:
        raise wrong from error
    if read is None:
        raise wrong
    return read
