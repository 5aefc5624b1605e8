"""Reads texts as typed Arrow values, guarding what Arrow's own casts let through.

Arrow 26 reads a decimal of more than 38 digits, or of more than 29 before the point, as another
number without a word, and an exponent such as `e-10000000` ends the process. It also reads the
year 0 and moments beyond the year 9999, which Python's calendar does not have.
"""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime, time
from decimal import Decimal
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc

from headrace.kit.columns import ARROW_TYPES, DECIMAL_PRECISION, DECIMAL_SCALE, ColumnType

_WHOLE_DIGITS = DECIMAL_PRECISION - DECIMAL_SCALE
_SAFE_LENGTH = _WHOLE_DIGITS
"""A text this short without an exponent has too few digits for any of Arrow's errors."""

_MOST_EXPONENT_DIGITS = 3
_EXPONENT = "[eE]"
_SCIENTIFIC = re.compile(
    rf"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)[eE][+-]?[0-9]{{1,{_MOST_EXPONENT_DIGITS}}}"
)
_SURPLUS_ZEROS = (
    (r"^([+-]?)0+([0-9])", r"\1\2"),
    (rf"(\.[0-9]{{{DECIMAL_SCALE}}})0+$", r"\1"),
)
_PLAIN = rf"^[+-]?[0-9]{{0,{_WHOLE_DIGITS}}}(\.[0-9]{{0,{DECIMAL_SCALE}}})?$"
_DAYS = (pa.scalar(date.min), pa.scalar(date.max))
_MOMENTS = tuple(
    pa.scalar(datetime.combine(day, end, UTC), ARROW_TYPES[ColumnType.DATETIME])
    for day, end in ((date.min, time.min), (date.max, time.max))
)


def parsed(texts: pa.StringArray, kind: ColumnType) -> pa.Array:
    """Read every text as a value of a column type, exactly; moments must tell their zone.

    Raises:
        pyarrow.ArrowInvalid: if a text is not one, or the column type cannot hold it unchanged.
    """
    return _PARSERS[kind](texts)


def parsed_or_null(texts: pa.StringArray, kind: ColumnType) -> pa.Array:
    """Read what `parsed` reads; null for the rest."""
    try:
        return parsed(texts, kind)
    except pa.ArrowInvalid:
        if len(texts) == 1:
            return pa.nulls(1, ARROW_TYPES[kind])
    # Halved until each bad text stands alone: cheap where they are few.
    middle = len(texts) // 2
    return pa.concat_arrays(
        [parsed_or_null(texts[:middle], kind), parsed_or_null(texts[middle:], kind)]
    )


def _decimals(texts: pa.StringArray) -> pa.Array:
    longest = pc.max(pc.binary_length(texts)).as_py() or 0
    if longest > _SAFE_LENGTH or pc.any(pc.match_substring_regex(texts, _EXPONENT)).as_py():
        texts = _plain(texts)
    return pc.cast(texts, ARROW_TYPES[ColumnType.DECIMAL])


def _plain(texts: pa.StringArray) -> pa.StringArray:
    """Write numbers without exponents and surplus zeros, in few enough digits for Arrow."""
    if pc.any(pc.match_substring_regex(texts, _EXPONENT)).as_py():
        texts = pa.array([_expanded(text) for text in texts.to_pylist()], pa.string())
    for pattern, replacement in _SURPLUS_ZEROS:
        texts = pc.replace_substring_regex(texts, pattern, replacement)
    if pc.all(pc.match_substring_regex(texts, _PLAIN)).as_py() is False:
        raise pa.ArrowInvalid("a number does not fit into a decimal")
    return texts


def _expanded(text: str | None) -> str | None:
    if text is None or not _SCIENTIFIC.fullmatch(text):
        return text
    return format(Decimal(text), "f")


def _dates(texts: pa.StringArray) -> pa.Array:
    return _in_calendar(pc.cast(texts, ARROW_TYPES[ColumnType.DATE]), _DAYS)


def _moments(texts: pa.StringArray) -> pa.Array:
    return _in_calendar(pc.cast(texts, ARROW_TYPES[ColumnType.DATETIME]), _MOMENTS)


def outside_calendar(values: pa.Array) -> pa.BooleanArray:
    """Tell days or moments (of our types) that are not in the years 1 to 9999; false for null."""
    first, last = _DAYS if pa.types.is_date(values.type) else _MOMENTS
    outside = pc.or_(pc.less(values, first), pc.greater(values, last))
    return pc.fill_null(outside, False)


def _in_calendar(values: pa.Array, calendar: tuple[Any, ...]) -> pa.Array:
    ends = pc.min_max(values)
    if pc.less(ends["min"], calendar[0]).as_py() or pc.greater(ends["max"], calendar[1]).as_py():
        raise pa.ArrowInvalid("a day is outside of the years 1 to 9999")
    return values


def _plain_cast(kind: ColumnType) -> Callable[[pa.StringArray], pa.Array]:
    return lambda texts: pc.cast(texts, ARROW_TYPES[kind])


_PARSERS: dict[ColumnType, Callable[[pa.StringArray], pa.Array]] = {
    **{kind: _plain_cast(kind) for kind in ColumnType},
    ColumnType.DECIMAL: _decimals,
    ColumnType.DATE: _dates,
    ColumnType.DATETIME: _moments,
}
