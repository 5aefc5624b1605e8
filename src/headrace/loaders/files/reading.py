"""Reading back what an earlier load wrote, in the columns of today, so that files can be rebuilt.

Types only ever widen (integer to decimal to float, date to datetime, anything to text), so every
value of an older file has one exact form in the newer type.
"""

import io
import json
from collections.abc import Callable, Iterator, Sequence
from itertools import islice
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.csv as pa_csv
import pyarrow.json as pa_json
import pyarrow.parquet as pq

from headrace.kit.columns import Column, ColumnType, arrow_schema, column_type_of
from headrace.loaders.files.text import plain_text

# Arrow reads text files in blocks that must hold a whole row, and keeps dozens of them; small ones
# suit nearly every file, large ones are for files where a small one failed.
_BLOCK_BYTES = 4 << 20
_LARGE_BLOCK_BYTES = 64 << 20
_SLOW_ROWS = 10_000

Opener = Callable[[], Any]
"""Opens a file's content from its beginning; may be called again."""


def csv_batches(
    opener: Opener, columns: Sequence[Column], separator: str, *, long_rows: bool
) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a CSV file with a header, as `headrace.loaders.files.text` writes it.

    Rows may have 4 MiB, or 64 MiB with `long_rows`, which takes more memory.
    """
    block_bytes = _LARGE_BLOCK_BYTES if long_rows else _BLOCK_BYTES
    reader = pa_csv.open_csv(
        opener(),
        read_options=pa_csv.ReadOptions(block_size=block_bytes, use_threads=False),
        parse_options=pa_csv.ParseOptions(
            delimiter=separator, newlines_in_values=True, ignore_empty_lines=False
        ),
        convert_options=pa_csv.ConvertOptions(
            column_types={column.name: _text_form(column) for column in columns},
            include_columns=[column.name for column in columns],
            include_missing_columns=True,
            null_values=[""],
            strings_can_be_null=True,
            quoted_strings_can_be_null=False,
        ),
    )
    for batch in reader:
        yield fitted(batch, columns)


def json_batches(opener: Opener, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a JSON lines file.

    The fast reader takes no text for a number (NaN), no number for a text (a widened column), and
    no row of over 4 MiB: from the block on where it meets one, the file is read line by line.
    """
    schema = pa.schema([(column.name, _text_form(column)) for column in columns])
    rows_read = 0
    try:
        reader = pa_json.open_json(
            opener(),
            read_options=pa_json.ReadOptions(block_size=_BLOCK_BYTES, use_threads=False),
            parse_options=pa_json.ParseOptions(
                explicit_schema=schema, unexpected_field_behavior="ignore"
            ),
        )
        for batch in reader:
            yield fitted(batch, columns)
            rows_read += batch.num_rows
    except pa.ArrowInvalid:
        yield from _json_line_by_line(opener(), columns, rows_read)


def parquet_batches(opener: Opener, columns: Sequence[Column]) -> Iterator[pa.RecordBatch]:
    """Yield the rows of a Parquet file."""
    file = pq.ParquetFile(opener(), pre_buffer=False)
    present = set(file.schema_arrow.names)
    wanted = [column.name for column in columns if column.name in present]
    for batch in file.iter_batches(batch_size=65_536, columns=wanted):
        yield fitted(batch, columns)


def stored_types(opener: Opener) -> dict[str, ColumnType | None]:
    """Return the column types of a Parquet file.

    Raises:
        ValueError: if it holds a type no load writes.
    """
    try:
        schema = pq.ParquetFile(opener()).schema_arrow
        return {field.name: column_type_of(field.type) for field in schema}
    except KeyError as error:
        raise ValueError(f"it holds the type {error}") from error


def _json_line_by_line(
    source: Any, columns: Sequence[Column], rows_to_skip: int
) -> Iterator[pa.RecordBatch]:
    lines = islice(io.TextIOWrapper(source, encoding="utf-8", newline="\n"), rows_to_skip, None)
    while chunk := list(islice(lines, _SLOW_ROWS)):
        # Numbers stay texts on the way, so that none passes through a float.
        rows = [json.loads(line, parse_float=str, parse_int=str) for line in chunk]
        arrays = [
            pa.array([_scalar_text(row.get(column.name)) for row in rows], pa.string())
            for column in columns
        ]
        names = [column.name for column in columns]
        yield fitted(pa.RecordBatch.from_arrays(arrays, names), columns)


def _scalar_text(value: Any) -> str | None:
    if isinstance(value, bool):
        return "true" if value else "false"
    if value is None or isinstance(value, str):
        return value
    raise ValueError("a value is an object or a list, which no load writes")


def _text_form(column: Column) -> pa.DataType:
    """The type a text reader is asked for; moments are parsed later, for they may be plain days."""
    is_text = column.type in {ColumnType.DATE, ColumnType.DATETIME}
    return pa.string() if is_text else column.arrow_type


def fitted(batch: pa.RecordBatch, columns: Sequence[Column]) -> pa.RecordBatch:
    """Bring a batch into these columns: missing ones null, others left out, narrower widened.

    Raises:
        pa.ArrowInvalid: if a value has no form in its column's type.
    """
    present = batch.schema.names
    arrays = [
        _widened(batch.column(column.name), column)
        if column.name in present
        else pa.nulls(batch.num_rows, column.arrow_type)
        for column in columns
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(list(columns)))


def _widened(values: pa.Array, column: Column) -> pa.Array:
    if values.type == column.arrow_type:
        return values
    if column.type is ColumnType.STRING and not pa.types.is_large_string(values.type):
        return plain_text(values, column_type_of(values.type))
    if column.type is ColumnType.DATETIME and pa.types.is_string(values.type):
        is_day = pc.equal(pc.utf8_length(values), len("2026-01-31"))
        dated = pc.binary_join_element_wise(values, "T00:00:00Z", "")
        values = pc.if_else(is_day, dated, values)
    # A whole number beyond 2^53 becomes the nearest float: that is what a float column means.
    return pc.cast(values, column.arrow_type, safe=column.type is not ColumnType.FLOAT)
