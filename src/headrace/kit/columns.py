"""Column types shared by connectors, the table store and loaders, and their Arrow forms.

Money and every other fraction is a decimal with 9 digits after the point; floats exist only for
sources whose own type is a float. Ids are text.
"""

from dataclasses import dataclass
from enum import StrEnum
from typing import Literal

import pyarrow as pa

DECIMAL_PRECISION = 38
DECIMAL_SCALE = 9


class ColumnType(StrEnum):
    """The type of a stored column."""

    STRING = "string"
    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    BOOLEAN = "boolean"
    DATE = "date"
    DATETIME = "datetime"


ARROW_TYPES: dict[ColumnType, pa.DataType] = {
    ColumnType.STRING: pa.string(),
    ColumnType.INTEGER: pa.int64(),
    ColumnType.DECIMAL: pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE),
    ColumnType.FLOAT: pa.float64(),
    ColumnType.BOOLEAN: pa.bool_(),
    ColumnType.DATE: pa.date32(),
    ColumnType.DATETIME: pa.timestamp("us", tz="UTC"),
}
_COLUMN_TYPES = {arrow: column for column, arrow in ARROW_TYPES.items()}

_WIDER = {
    frozenset({ColumnType.INTEGER, ColumnType.DECIMAL}): ColumnType.DECIMAL,
    frozenset({ColumnType.INTEGER, ColumnType.FLOAT}): ColumnType.FLOAT,
    frozenset({ColumnType.DECIMAL, ColumnType.FLOAT}): ColumnType.FLOAT,
    frozenset({ColumnType.DATE, ColumnType.DATETIME}): ColumnType.DATETIME,
}


NUMBERS = (ColumnType.INTEGER, ColumnType.DECIMAL, ColumnType.FLOAT)


@dataclass(frozen=True)
class Column:
    """A named, typed column. Every column may hold nulls."""

    name: str
    type: ColumnType

    @property
    def arrow_type(self) -> pa.DataType:
        """The Arrow type its values are kept in."""
        return ARROW_TYPES[self.type]


def column_type_of(arrow_type: pa.DataType) -> ColumnType:
    """Return the column type whose Arrow form is `arrow_type`.

    Raises:
        KeyError: if it is none of `ARROW_TYPES`: whoever made the batch must cast first.
    """
    return _COLUMN_TYPES[arrow_type]


def columns_of(schema: pa.Schema) -> list[Column]:
    """Describe an Arrow schema made of `ARROW_TYPES`."""
    return [Column(field.name, column_type_of(field.type)) for field in schema]


def arrow_schema(columns: list[Column]) -> pa.Schema:
    """Return the Arrow schema of some columns."""
    return pa.schema([(column.name, column.arrow_type) for column in columns])


def wider(one: ColumnType, other: ColumnType) -> ColumnType:
    """Return the narrowest type that can hold the values of both; text holds everything."""
    return one if one == other else _WIDER.get(frozenset({one, other}), ColumnType.STRING)


FieldType = Literal["string", "number", "boolean", "date", "datetime"]
"""What `api_type` returns."""


def api_type(column_type: ColumnType) -> str:
    """Return the field type that the API names for a column type (contract section 2)."""
    return "number" if column_type in NUMBERS else column_type.value
