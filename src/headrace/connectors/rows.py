"""Turns vendors' rows into typed Arrow batches, whole columns at once wherever they are good."""

import re
from collections.abc import Callable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.contract import BadValues, Journal
from headrace.kit.columns import (
    DECIMAL_PRECISION,
    DECIMAL_SCALE,
    Column,
    ColumnType,
    arrow_schema,
)
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

BATCH_ROWS = 2_000
"""How many rows to collect before making a batch: measured, the least time a row for 30 columns.

Fewer pay Arrow's cost of an array too often, more fall out of the processor's cache.
"""

_SHOWN_CHARACTERS = 60
_SAMPLE_ROWS = 20
_DECIMAL = pa.decimal128(DECIMAL_PRECISION, DECIMAL_SCALE)
_SAFE_TEXT_LENGTH = DECIMAL_PRECISION - DECIMAL_SCALE
"""A number this short, without an exponent, fits the column whatever its digits."""
_QUANTUM = Decimal(1).scaleb(-DECIMAL_SCALE)
_EXACT = Context(prec=2 * DECIMAL_PRECISION)
# Ratios arrive with 6 to 18 digits after the point, so the narrow intermediate is tried first: it
# is half as dear as the wide one.
_ROUNDABLE = (pa.decimal128(38, 18), pa.decimal256(76, 38))
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_CALENDAR_DAYS = (pa.scalar(date.min), pa.scalar(date.max))
_CALENDAR_MOMENTS = tuple(
    pa.scalar(moment, pa.timestamp("us", tz="UTC"))
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
)
_MAX_INTEGER_DIGITS = 19
_INT64 = range(-(2**63), 2**63)
_NOUNS = {
    ColumnType.STRING: told("a text"),
    ColumnType.INTEGER: told("a whole number of at most 64 bits"),
    ColumnType.DECIMAL: told("a decimal number of at most 29 digits before the point"),
    ColumnType.FLOAT: told("a finite number"),
    ColumnType.BOOLEAN: told("true or false"),
    ColumnType.DATE: told("a date (YYYY-MM-DD)"),
    ColumnType.DATETIME: told("a moment (ISO 8601)"),
}


def typed_batch(
    columns: Sequence[Column],
    values: Sequence[Sequence[object]],
    *,
    first_row_number: int,
    bad_values: BadValues,
    journal: Journal,
) -> pa.RecordBatch:
    """Make one batch of raw values; `values[i]` holds all values of `columns[i]`.

    A raw value is a str, int, bool, Decimal, float or None. Text is parsed to the column's type and
    never passes through a float on its way to a decimal; an empty text is null in every column but
    a string one. Ids that arrive as numbers become text, lists and objects compact JSON text.
    Decimals with more than 9 digits after the point are rounded half even at the ninth (a vendor's
    ratios carry up to 15 digits); an integer column takes `12.0`, not `12.5`. A datetime without
    an offset is taken as UTC. NaN, infinities and numbers too large for the column are bad values.

    first_row_number: the number of the first row within its read, for messages; rows count from 1.

    Raises:
        Refused: under `BadValues.FAIL`, for the first bad value, naming its row and column. Under
            `NULL_AND_COUNT` each becomes null and is told to the journal.
    """
    arrays = [
        _typed_array(column, raw, first_row_number, bad_values, journal)
        for column, raw in zip(columns, values, strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(list(columns)))


def _typed_array(
    column: Column,
    raw: Sequence[object],
    first_row_number: int,
    bad_values: BadValues,
    journal: Journal,
) -> pa.Array:
    # Arrow names no bad cell when it refuses a column, so a refused one is walked, and only that.
    with suppress(ValueError, TypeError, ArithmeticError):
        try:
            return _from_text(pa.array(raw, pa.string()), column.type)
        except pa.ArrowTypeError:
            return _from_native(pa.array(raw), column.type)
    cells: list[object] = []
    for offset, value in enumerate(raw):
        try:
            cells.append(parse_cell(column.type, value))
        except ValueError:
            _report(column, first_row_number + offset, value, bad_values, journal)
            cells.append(None)
    return pa.array(cells, column.arrow_type)


def _report(
    column: Column, row_number: int, value: object, bad_values: BadValues, journal: Journal
) -> None:
    shown = str(value).encode("utf-8", "replace").decode()
    if len(shown) > _SHOWN_CHARACTERS:
        shown = shown[:_SHOWN_CHARACTERS] + "…"
    if bad_values is BadValues.NULL_AND_COUNT:
        journal.count_bad_value(column.name, row_number, shown)
        return
    raise Refused(
        told(
            "Row {row_number:,}, column '{name}': {shown!r} is not {noun}. Correct it at "
            "the source, leave the field out, or choose the policy null_and_count, which "
            "keeps the row and empties the cell.",
            row_number=row_number,
            name=column.name,
            shown=shown,
            noun=_NOUNS[column.type],
        )
    )


def _from_text(text: pa.Array, wanted: ColumnType) -> pa.Array:
    """Parse a whole column of text.

    Raises:
        pa.ArrowInvalid: if a value is not of the wanted type.
    """
    if wanted is ColumnType.STRING:
        return text
    # A cast that fails costs ten times one that succeeds, so empty texts are looked for first.
    if pc.min(pc.binary_length(text)).as_py() == 0:
        text = pc.if_else(pc.equal(text, ""), None, text)
    return _TEXT_PARSERS[wanted](text)


def _integers(text: pa.Array) -> pa.Array:
    body = text.buffers()[2]
    # Arrow reads 0x10 as sixteen, which no vendor means.
    if body is not None and (b"x" in (octets := body.to_pybytes()) or b"X" in octets):
        raise pa.ArrowInvalid("hexadecimal")
    return text.cast(pa.int64())


def _decimals(text: pa.Array) -> pa.Array:
    # Arrow 26 reads too many digits as another number, and a huge exponent ends the process:
    # such texts are left to the cell by cell reading.
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    if longest > _SAFE_TEXT_LENGTH or _has_exponent(text):
        raise pa.ArrowInvalid("not safe to cast")
    if not any(map(_is_long_ratio, text[:_SAMPLE_ROWS].to_pylist())):
        with suppress(pa.ArrowInvalid):
            return text.cast(_DECIMAL)
    with suppress(pa.ArrowInvalid):
        return _rounded(text.cast(_ROUNDABLE[0]))
    return _rounded(text.cast(_ROUNDABLE[1]))


def _has_exponent(text: pa.Array) -> bool:
    # All of a column's characters lie in one buffer: searching it costs almost nothing.
    characters = text.buffers()[2]
    return characters is not None and any(mark in characters.to_pybytes() for mark in (b"e", b"E"))


def _is_long_ratio(text: str | None) -> bool:
    return text is not None and len(text.partition(".")[2]) > DECIMAL_SCALE


def _rounded(decimals: pa.Array) -> pa.Array:
    return pc.round(decimals, DECIMAL_SCALE, round_mode="half_to_even").cast(_DECIMAL)


def _finite(floats: pa.Array) -> pa.Array:
    if pc.all(pc.is_finite(floats)).as_py() is False:
        raise pa.ArrowInvalid("not finite")
    return floats


def _dates(text: pa.Array) -> pa.Array:
    return _in_calendar(text.cast(pa.date32()), _CALENDAR_DAYS)


def _moments(text: pa.Array) -> pa.Array:
    moment = pa.timestamp("us", tz="UTC")
    try:
        parsed = text.cast(moment)
    except pa.ArrowInvalid:
        parsed = text.cast(pa.timestamp("us")).cast(moment)
    return _in_calendar(parsed, _CALENDAR_MOMENTS)


def _in_calendar(parsed: pa.Array, calendar: tuple[pa.Scalar, pa.Scalar]) -> pa.Array:
    # Arrow parses the year 0 and offsets that leave the calendar, which nothing downstream holds.
    found = pc.min_max(parsed)
    if pc.less(found["min"], calendar[0]).as_py() or pc.greater(found["max"], calendar[1]).as_py():
        raise pa.ArrowInvalid("outside of the calendar")
    return parsed


_TEXT_PARSERS: dict[ColumnType, Callable[[pa.Array], pa.Array]] = {
    ColumnType.INTEGER: _integers,
    ColumnType.DECIMAL: _decimals,
    ColumnType.FLOAT: lambda text: _finite(text.cast(pa.float64())),
    ColumnType.BOOLEAN: lambda text: text.cast(pa.bool_()),
    ColumnType.DATE: _dates,
    ColumnType.DATETIME: _moments,
}


def _from_native(inferred: pa.Array, wanted: ColumnType) -> pa.Array:
    """Convert a column of numbers or booleans where that is exact for every value.

    Raises:
        pa.ArrowInvalid: if it is not, or may not be: the column is then walked.
    """
    found = inferred.type
    if pa.types.is_int64(found) and wanted in {
        ColumnType.INTEGER,
        ColumnType.DECIMAL,
        ColumnType.STRING,
        ColumnType.FLOAT,
    }:
        return inferred.cast(Column("", wanted).arrow_type)
    if pa.types.is_float64(found) and wanted is ColumnType.FLOAT:
        return _finite(inferred)
    if pa.types.is_boolean(found) and wanted is ColumnType.BOOLEAN:
        return inferred
    if pa.types.is_decimal(found) and wanted is ColumnType.DECIMAL:
        if found.precision - found.scale > _SAFE_TEXT_LENGTH:  # Arrow's cast would wrap around
            raise pa.ArrowInvalid("not safe to cast")
        return inferred.cast(_DECIMAL) if found.scale <= DECIMAL_SCALE else _rounded(inferred)
    raise pa.ArrowInvalid("not exact")


def parse_cell(wanted: ColumnType, value: object) -> object:
    """Turn one raw value into the Python value of a column type, by the rules of `typed_batch`.

    Raises:
        ValueError: if the value is not one of that type.
    """
    if value is None:
        return None
    if wanted is ColumnType.STRING:
        return _text_of(value)
    if isinstance(value, str):
        value = value.strip()
        if not value:
            return None
    return _CELL_PARSERS[wanted](value)


def _text_of(value: object) -> str:
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, str):
        text = value
    elif isinstance(value, list | dict):
        text = msgspec.json.encode(value).decode()
    else:
        text = str(value)
    text.encode()
    return text


def _exact_decimal(value: object) -> Decimal:
    # A float is read by its shortest text, which is what the vendor wrote.
    text = str(value)
    if isinstance(value, bool) or not _NUMBER.fullmatch(text):
        raise ValueError(text[:_SHOWN_CHARACTERS])
    try:
        return Decimal(text)
    except InvalidOperation as error:
        raise ValueError("exponent") from error


def _integer_cell(value: object) -> int:
    if isinstance(value, int) and not isinstance(value, bool):
        number = value
    else:
        exact = _exact_decimal(value)
        if exact.adjusted() >= _MAX_INTEGER_DIGITS or exact != exact.to_integral_value():
            raise ValueError("not whole")
        number = int(exact)
    if number not in _INT64:
        raise ValueError("over 64 bits")
    return number


def _decimal_cell(value: object) -> Decimal:
    try:
        rounded = _exact_decimal(value).quantize(_QUANTUM, ROUND_HALF_EVEN, _EXACT)
    except InvalidOperation as error:
        raise ValueError("too large") from error
    if rounded.adjusted() >= DECIMAL_PRECISION - DECIMAL_SCALE:
        raise ValueError("too large")
    return rounded


def _float_cell(value: object) -> float:
    number = float(_exact_decimal(value))
    if number in (float("inf"), float("-inf")):
        raise ValueError("too large")
    return number


def _boolean_cell(value: object) -> bool:
    found = _BOOLEANS.get(str(value).lower())
    if found is None:
        raise ValueError("not a boolean")
    return found


def _date_cell(value: object) -> date:
    if not isinstance(value, str) or not _DATE.fullmatch(value):
        raise ValueError("not a date")
    return date.fromisoformat(value)


def _moment_cell(value: object) -> datetime:
    if not isinstance(value, str) or not _DATE.match(value):
        raise ValueError("not a moment")
    moment = datetime.fromisoformat(value)
    if moment.tzinfo is None:
        return moment.replace(tzinfo=UTC)
    try:
        return moment.astimezone(UTC)
    except OverflowError as error:
        raise ValueError("before year 1 or after year 9999") from error


_CELL_PARSERS: dict[ColumnType, Callable[[object], object]] = {
    ColumnType.INTEGER: _integer_cell,
    ColumnType.DECIMAL: _decimal_cell,
    ColumnType.FLOAT: _float_cell,
    ColumnType.BOOLEAN: _boolean_cell,
    ColumnType.DATE: _date_cell,
    ColumnType.DATETIME: _moment_cell,
}
