"""Turns texts into values of a column type and says which texts have no such value.

Inferred columns always convert. Declared ones are read with more goodwill: spaces around values,
plus signs, leading zeros, yes and no, other ways to write a day.
"""

from dataclasses import dataclass, field
from enum import Enum

import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.arrow_texts import parsed, parsed_or_null
from headrace.kit.columns import ColumnType

_TRUE = pa.array(["true", "t", "yes", "y", "1"])
_FALSE = pa.array(["false", "f", "no", "n", "0"])
_NO_TEXT = pa.scalar(None, pa.string())
_NO_SIGN_OR_ZEROS = [(r"^\+", ""), (r"^(-?)0+([0-9])", r"\1\2")]
_YEAR_FIRST = [
    (r"^([0-9]{4})[/.]([0-9]{1,2})[/.]([0-9]{1,2})$", r"\1-\2-\3"),
    (r"^([0-9]{4})([0-9]{2})([0-9]{2})$", r"\1-\2-\3"),
    (r"^([0-9]{1,2})\.([0-9]{1,2})\.([0-9]{4})$", r"\3-\2-\1"),
    # A column declared as days keeps each day as written and drops its time.
    (r"^([0-9]{4}-[0-9]{2}-[0-9]{2})[T ][0-9]{2}:[0-9]{2}.*$", r"\1"),
]
_MONTH_FIRST = [(r"^([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})$", r"\3-\1-\2")]
_DAY_FIRST = [(r"^([0-9]{1,2})[/-]([0-9]{1,2})[/-]([0-9]{4})$", r"\3-\2-\1")]
_PADDED = [
    (r"^([0-9]{4})-([0-9])-", r"\1-0\2-"),
    (r"^([0-9]{4}-[0-9]{2})-([0-9])$", r"\1-0\2"),
]
_LOCAL_MOMENT = r"^([^ T]{10}[ T][0-9:.]+)$"
_WITH_ZONE = [
    (r"^([0-9]{4}-[0-9]{2}-[0-9]{2})$", r"\1T00:00Z"),
    (_LOCAL_MOMENT, r"\1Z"),
    ("z$", "Z"),
]
_NUMBER = r"^[+-]?([0-9]+(\.[0-9]*)?|\.[0-9]+)([eE][+-]?[0-9]+)?$"
_SHAPES = {
    ColumnType.INTEGER: "^-?[0-9]+$",
    ColumnType.DECIMAL: _NUMBER,
    ColumnType.FLOAT: _NUMBER,
    ColumnType.DATE: "^[0-9]{4}-[0-9]{2}-[0-9]{2}$",
    ColumnType.DATETIME: "^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ].+$",
}


class DayOrder(Enum):
    """How days such as 3/4/2026 are to be read; the file as a whole decides."""

    UNKNOWN = "unknown"
    MONTH_FIRST = "month first"
    DAY_FIRST = "day first"


_REWRITES = {
    DayOrder.UNKNOWN: [*_YEAR_FIRST, *_PADDED],
    DayOrder.MONTH_FIRST: [*_YEAR_FIRST, *_MONTH_FIRST, *_PADDED],
    DayOrder.DAY_FIRST: [*_YEAR_FIRST, *_DAY_FIRST, *_PADDED],
}


@dataclass(frozen=True)
class Converted:
    """Typed values, null where there was no text or a bad one, and the positions of bad ones."""

    values: pa.Array
    bad: list[int] = field(default_factory=list)


def convert_inferred(texts: pa.StringArray, kind: ColumnType) -> pa.Array:
    """Convert texts to the type inferred from them; empty ones are null unless it is text.

    Datetimes without a zone are taken as UTC.

    Raises:
        pyarrow.ArrowInvalid: if they are not the texts the type was inferred from.
    """
    if kind is ColumnType.STRING:
        return texts
    texts = _without_empty(texts)
    return parsed(with_zone(texts) if kind is ColumnType.DATETIME else texts, kind)


def with_zone(texts: pa.StringArray) -> pa.StringArray:
    """Mark moments without a zone as UTC."""
    return pc.replace_substring_regex(texts, _LOCAL_MOMENT, r"\1Z")


def convert_declared(
    texts: pa.StringArray, kind: ColumnType, order: DayOrder = DayOrder.UNKNOWN
) -> Converted:
    """Convert texts to a declared type; empty ones are null unless it is text.

    A decimal that needs more than nine digits after the point is bad: it would be cut.
    """
    if kind is ColumnType.STRING:
        return Converted(texts)
    texts = _without_empty(pc.utf8_trim_whitespace(texts))
    if kind is ColumnType.BOOLEAN:
        values = _booleans(texts)
    else:
        values = _shaped(_rewritten(texts, _rewrites(kind, order)), kind)
    return Converted(values, _lost(texts, values))


def days_read(texts: pa.StringArray, order: DayOrder) -> int:
    """How many texts are days under that order; for choosing it from a whole file."""
    values = convert_declared(texts, ColumnType.DATE, order).values
    return len(values) - int(values.null_count)


def _rewrites(kind: ColumnType, order: DayOrder) -> list[tuple[str, str]]:
    if kind is ColumnType.DATE:
        return _REWRITES[order]
    if kind is ColumnType.DATETIME:
        return _WITH_ZONE
    return _NO_SIGN_OR_ZEROS if kind is ColumnType.INTEGER else []


def _rewritten(texts: pa.StringArray, rewrites: list[tuple[str, str]]) -> pa.StringArray:
    for pattern, replacement in rewrites:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    return texts


def _without_empty(texts: pa.StringArray) -> pa.StringArray:
    empty = pc.equal(texts, "")
    return pc.if_else(empty, _NO_TEXT, texts) if pc.any(empty).as_py() else texts


def _booleans(texts: pa.StringArray) -> pa.Array:
    lower = pc.utf8_lower(texts)
    is_true, is_false = pc.is_in(lower, _TRUE), pc.is_in(lower, _FALSE)
    return pc.if_else(pc.or_(is_true, is_false), is_true, pa.scalar(None, pa.bool_()))


def _shaped(texts: pa.StringArray, kind: ColumnType) -> pa.Array:
    """Cast the texts that look right; null where they do not or where the cast refuses them."""
    texts = pc.if_else(pc.match_substring_regex(texts, _SHAPES[kind]), texts, _NO_TEXT)
    values = parsed_or_null(texts, kind)
    if kind is ColumnType.FLOAT:
        values = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    return values


def _lost(texts: pa.StringArray, values: pa.Array) -> list[int]:
    lost = pc.and_(pc.is_valid(texts), pc.is_null(values))
    positions: list[int] = pc.indices_nonzero(lost).to_pylist()
    return positions
