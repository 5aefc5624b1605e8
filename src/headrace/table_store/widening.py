"""Making the columns of an older file fit what the table's columns have become since."""

from collections.abc import Sequence
from dataclasses import dataclass
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.kit.columns import ARROW_TYPES, ColumnType, column_type_of, wider


@dataclass(frozen=True)
class TableColumn:
    """A column to deliver: the `field` it has in files, its delivered `name`, and its type.

    The system columns are the fields `__account_id`, `__account_name` and `__insert_date`.
    """

    field: str
    name: str
    type: ColumnType


def delivered_schema(columns: Sequence[TableColumn]) -> Any:
    """Return the Arrow schema of the columns under their delivered names."""
    return pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])


def deliver(batch: Any, columns: Sequence[TableColumn]) -> Any:
    """Turn a batch of a file's fields into the delivered columns; fields it lacks become nulls.

    Raises:
        ValueError: if a field is of a type that the column's type cannot hold.
    """
    arrays = [
        widen(batch.column(column.field), column.type, column.field)
        if column.field in batch.schema.names
        else pa.nulls(batch.num_rows, ARROW_TYPES[column.type])
        for column in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=delivered_schema(columns))


def widen(values: Any, target: ColumnType, name: str) -> Any:
    """Cast an array to a column type that holds its values wholly.

    Text of decimals has no trailing zeros and no exponent; text of moments is ISO 8601 with a `Z`.

    Raises:
        ValueError: if the type is narrower; `name` is the column's, for the message.
    """
    source = column_type_of(values.type)
    if source == target:
        return values
    if wider(source, target) != target:
        raise ValueError(
            f"column {name!r} is {source} in a file and {target} in the table; widen the table's "
            f"column to {wider(source, target)} first"
        )
    if target == ColumnType.STRING:
        return _as_text(values, source)
    if target == ColumnType.DATETIME:
        return values.cast(pa.timestamp("us")).cast(ARROW_TYPES[target])
    return values.cast(ARROW_TYPES[target], safe=target != ColumnType.FLOAT)


def _as_text(values: Any, source: ColumnType) -> Any:
    if source == ColumnType.DATETIME:
        text = values.cast(pa.timestamp("us")).cast(pa.string())
        text = pc.replace_substring_regex(text, r"^(\S+) (.*)$", r"\1T\2Z")
        return pc.replace_substring_regex(text, r"\.000000Z$", "Z")
    if source == ColumnType.DECIMAL:
        # Arrow writes small decimals with an exponent and all with the zeros of their scale.
        coded = values.dictionary_encode()
        words = [_plain(value) for value in coded.dictionary.to_pylist()]
        return pa.array(words, pa.string()).take(coded.indices)
    return values.cast(pa.string())


def _plain(value: Decimal) -> str:
    text = f"{value:f}"
    return text.rstrip("0").rstrip(".") if "." in text else text
