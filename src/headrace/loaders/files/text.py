"""Arrow batches as CSV and JSON lines, column by column, without a Python step per row.

Every value is written exactly: decimals in plain notation, floats in the shortest form that reads
back the same, moments in UTC to the microsecond, and null apart from the empty text.
"""

import json
import struct
from collections.abc import Sequence
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.kit.columns import DECIMAL_PRECISION, DECIMAL_SCALE, Column, ColumnType

_CONTROLS = bytes(range(0x20))
_JSON_ESCAPES = [("\\", "\\\\"), ('"', '\\"')] + [
    (chr(code), json.dumps(chr(code))[1:-1]) for code in range(0x20)
]
_ZERO = pa.scalar(0, pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE))


def csv_header(columns: Sequence[Column], separator: str) -> bytes:
    """Return the first line of a CSV file: every name quoted."""
    names = (column.name.replace('"', '""') for column in columns)
    return (separator.join(f'"{name}"' for name in names) + "\n").encode()


def csv_lines(batch: pa.RecordBatch, columns: Sequence[Column], separator: str) -> pa.Buffer:
    """Return the rows as CSV: texts always quoted, everything else bare, null as nothing."""
    parts: list[Any] = []
    for column, values in zip(columns, batch.columns, strict=True):
        parts += [
            separator if parts else "",
            pc.coalesce(_csv_values(values, column.type), ""),
        ]
    return _joined(parts)


def json_lines(batch: pa.RecordBatch, columns: Sequence[Column]) -> pa.Buffer:
    """Return the rows as JSON objects, one a line; null is written as `null`.

    JSON has no NaN and no infinities: those are the texts "NaN", "Infinity" and "-Infinity".
    """
    parts: list[Any] = []
    for column, values in zip(columns, batch.columns, strict=True):
        opening = "," if parts else "{"
        parts += [
            f"{opening}{json.dumps(column.name, ensure_ascii=False)}:",
            pc.coalesce(_json_values(values, column.type), "null"),
        ]
    return _joined([*parts, "}"])


def plain_text(values: pa.Array, column_type: ColumnType) -> pa.Array:
    """Return values of a column type as texts; nulls stay null."""
    match column_type:
        case ColumnType.STRING:
            return values
        case ColumnType.DECIMAL:
            return _decimal_text(values)
        case ColumnType.DATETIME:
            # Without its zone first: a cast to text would otherwise need a zone database.
            bare = pc.cast(pc.cast(values, pa.timestamp("us")), pa.string())
            dated = pc.replace_substring(bare, " ", "T", max_replacements=1)
            return pc.binary_join_element_wise(dated, "Z", "")
        case _:
            return pc.cast(values, pa.string())


def _csv_values(values: pa.Array, column_type: ColumnType) -> pa.Array:
    if column_type is not ColumnType.STRING:
        return plain_text(values, column_type)
    if b'"' in _bytes_of(values):
        values = pc.replace_substring(values, '"', '""')
    return pc.binary_join_element_wise('"', values, '"', "")


def _json_values(values: pa.Array, column_type: ColumnType) -> pa.Array:
    match column_type:
        case ColumnType.STRING:
            return pc.binary_join_element_wise('"', _json_escaped(values), '"', "")
        case ColumnType.DATE | ColumnType.DATETIME:
            return pc.binary_join_element_wise('"', plain_text(values, column_type), '"', "")
        case ColumnType.FLOAT:
            return _json_floats(values)
        case _:
            return plain_text(values, column_type)


def _json_floats(values: pa.Array) -> pa.Array:
    text = pc.cast(values, pa.string())
    if pc.all(pc.is_finite(values), min_count=0).as_py():
        return text
    text = pc.if_else(pc.is_nan(values), '"NaN"', text)
    sign = pc.if_else(pc.less(values, 0.0), '"-Infinity"', '"Infinity"')
    return pc.if_else(pc.is_inf(values), sign, text)


def _json_escaped(values: pa.Array) -> pa.Array:
    content = _bytes_of(values)
    has_controls = len(content.translate(None, _CONTROLS)) != len(content)
    if not has_controls and b'"' not in content and b"\\" not in content:
        return values
    for character, escape in _JSON_ESCAPES if has_controls else _JSON_ESCAPES[:2]:
        if character.encode() in content:
            values = pc.replace_substring(values, character, escape)
    return values


def _decimal_text(values: pa.Array) -> pa.Array:
    """Decimals without exponent: Arrow itself writes 0 as `0E-9` and tiny amounts as `1E-9`."""
    text = pc.if_else(pc.equal(values, _ZERO), "0.000000000", pc.cast(values, pa.string()))
    tiny = pc.match_substring(text, "E")
    if not pc.any(tiny, min_count=0).as_py():
        return text
    # The same bytes read as whole numbers of billionths, for which Arrow never uses an exponent.
    billionths = pa.Array.from_buffers(
        pa.decimal128(DECIMAL_PRECISION, 0), len(values), values.buffers(), offset=values.offset
    )
    digits = pc.ascii_lpad(pc.cast(pc.abs(billionths), pa.string()), DECIMAL_SCALE + 1, "0")
    whole = pc.utf8_slice_codeunits(digits, 0, -DECIMAL_SCALE)
    fraction = pc.utf8_slice_codeunits(digits, -DECIMAL_SCALE)
    sign = pc.if_else(pc.less(values, _ZERO), "-", "")
    return pc.if_else(tiny, pc.binary_join_element_wise(sign, whole, ".", fraction, ""), text)


def _joined(parts: Sequence[Any]) -> pa.Buffer:
    """Join the parts of every row; Arrow keeps the rows' texts side by side: that is the file."""
    lines = pc.binary_join_element_wise(*parts, "\n", "")
    return pa.py_buffer(_bytes_of(lines))


def _bytes_of(values: pa.Array) -> bytes:
    """Return the texts of a string array as one run of bytes, without those outside its slice."""
    _, offsets, content = values.buffers()
    if not len(values) or content is None:
        return b""
    (first,) = struct.unpack_from("<i", offsets, 4 * values.offset)
    (last,) = struct.unpack_from("<i", offsets, 4 * (values.offset + len(values)))
    return bytes(content.slice(first, last - first))
