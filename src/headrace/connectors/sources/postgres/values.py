"""From the texts PostgreSQL sends to typed Arrow columns, block by block."""

from collections.abc import Sequence
from dataclasses import dataclass

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pacsv

from headrace.connectors.arrow_texts import parsed_or_null
from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

# Object ids of the built-in types (PostgreSQL, src/include/catalog/pg_type.dat). A column of a
# domain is described by the type below it.
_TYPES = {
    16: ColumnType.BOOLEAN,
    20: ColumnType.INTEGER,
    21: ColumnType.INTEGER,
    23: ColumnType.INTEGER,
    26: ColumnType.INTEGER,
    700: ColumnType.FLOAT,
    701: ColumnType.FLOAT,
    1082: ColumnType.DATE,
    1114: ColumnType.DATETIME,
    1184: ColumnType.DATETIME,
    1700: ColumnType.DECIMAL,
}
_TIMESTAMP = 1114


@dataclass(frozen=True)
class SourceColumn:
    """A column of the result. `is_local` marks timestamps without a zone, taken as UTC."""

    name: str
    type: ColumnType
    is_local: bool = False


@dataclass(frozen=True)
class BadCell:
    """A value its column's type cannot hold: its row in the block, and its text."""

    column: str
    position: int
    text: str


def columns_of_result(described: Sequence[tuple[str, int]]) -> list[SourceColumn]:
    """Describe columns from their names and type ids; repeated names are numbered.

    Raises:
        Refused: if there are none.
    """
    if not described:
        raise Refused(told("The table or query has no columns."))
    taken, used = {name.casefold() for name, _ in described}, set[str]()
    columns = []
    for name, type_id in described:
        unique, number = name, 2
        while unique.casefold() in used or (unique != name and unique.casefold() in taken):
            unique, number = f"{name}_{number}", number + 1
        used.add(unique.casefold())
        kind = _TYPES.get(type_id, ColumnType.STRING)
        columns.append(SourceColumn(unique, kind, type_id == _TIMESTAMP))
    return columns


def typed_block(
    text: bytes | bytearray, columns: Sequence[SourceColumn]
) -> tuple[pa.RecordBatch, list[BadCell]]:
    """Convert whole rows of COPY's CSV; bad values are null and listed, by column then row.

    Raises:
        Refused: if the database sends texts that are not UTF-8.
    """
    names = [column.name for column in columns]
    try:
        texts = pacsv.read_csv(
            pa.BufferReader(pa.py_buffer(text)),
            read_options=pacsv.ReadOptions(
                column_names=names, use_threads=False, block_size=len(text) + 1
            ),
            # A null alone in its row is an empty line.
            parse_options=pacsv.ParseOptions(newlines_in_values=True, ignore_empty_lines=False),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
    except pa.ArrowInvalid:
        raise Refused(
            told("The database sends texts that are not UTF-8; cast these columns in a query.")
        ) from None
    arrays, bad = [], []
    for column, values in zip(columns, texts.columns, strict=True):
        cells = values.combine_chunks()
        typed = _typed(cells, column)
        bad += _lost(column.name, cells, typed)
        arrays.append(typed)
    schema = pa.schema([(column.name, ARROW_TYPES[column.type]) for column in columns])
    return pa.RecordBatch.from_arrays(arrays, schema=schema), bad


def _typed(texts: pa.StringArray, column: SourceColumn) -> pa.Array:
    if column.type is ColumnType.STRING:
        return texts
    if column.type is ColumnType.BOOLEAN:
        return pc.equal(texts, "t")
    if column.is_local:
        texts = pc.binary_join_element_wise(texts, "Z", "")
    values = parsed_or_null(texts, column.type)
    if column.type is ColumnType.FLOAT:
        values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    return values


def _lost(name: str, texts: pa.StringArray, values: pa.Array) -> list[BadCell]:
    if values.null_count == texts.null_count:
        return []
    lost = pc.indices_nonzero(pc.and_(pc.is_valid(texts), pc.is_null(values)))
    return [BadCell(name, position, texts[position].as_py()) for position in lost.to_pylist()]
