"""Turns vendors' rows into typed Arrow batches, whole columns at once wherever they are good."""

from collections import defaultdict
from collections.abc import Callable, Iterable, Sequence
from contextlib import suppress
from datetime import UTC, date, datetime
from itertools import accumulate, chain

import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.cells import parse_cell
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
# Ratios arrive with 6 to 18 digits after the point, so the narrow intermediate is tried first: it
# is half as dear as the wide one.
_ROUNDABLE = (pa.decimal128(38, 18), pa.decimal256(76, 38))
_NOT_CONVERTIBLE = (ValueError, TypeError, ArithmeticError)
_CALENDAR_DAYS = (pa.scalar(date.min), pa.scalar(date.max))
_CALENDAR_MOMENTS = tuple(
    pa.scalar(moment, pa.timestamp("us", tz="UTC"))
    for moment in (datetime.min.replace(tzinfo=UTC), datetime.max.replace(tzinfo=UTC))
)
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
        # Arrow names no bad cell when it refuses a column, so a refused one is walked, and only that.
        _walked(column, raw, first_row_number, bad_values, journal) if array is None else array
        for column, raw, array in zip(columns, values, _converted(columns, values), strict=True)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(list(columns)))


def by_column(rows: Iterable[Sequence[object]], width: int) -> list[list[object]]:
    """Turn rows of `width` values each into what `typed_batch` takes: a list for each column.

    Rows that are made one at a time (a `map`, a generator) are never all there at once, which spares
    the garbage collector looking through them.

    Raises:
        ValueError: if the rows do not have that many values in all.
    """
    cells = list(chain.from_iterable(rows))
    turned = [cells[position::width] for position in range(width)]
    if width and len(turned[0]) != len(turned[-1]):
        raise ValueError(f"{len(cells)} values are no rows of {width}")
    return turned


def _converted(
    columns: Sequence[Column], values: Sequence[Sequence[object]]
) -> list[pa.Array | None]:
    """Convert whole columns; None stands for one in which Arrow met a bad cell."""
    arrays: list[pa.Array | None] = [None] * len(columns)
    alike: defaultdict[_TextParser, list[tuple[int, pa.Array]]] = defaultdict(list)
    for position, (column, raw) in enumerate(zip(columns, values, strict=True)):
        with suppress(*_NOT_CONVERTIBLE):
            try:
                text = pa.array(raw, pa.string())
            except pa.ArrowTypeError:
                arrays[position] = _from_native(pa.array(raw), column.type)
            else:
                alike[_text_parser(column.type, text)].append((position, text))
    for parser, members in alike.items():
        parsed = _parsed_alike(parser, [text for _, text in members])
        for (position, _), array in zip(members, parsed, strict=True):
            arrays[position] = array
    return arrays


def _parsed_alike(parser: "_TextParser", texts: list[pa.Array]) -> list[pa.Array | None]:
    """Parse columns of one kind as if they were one: a call of Arrow costs as much as many cells."""
    if parser is _unparsed:
        return texts
    with suppress(*_NOT_CONVERTIBLE):
        whole = _from_text(pa.concat_arrays(texts), parser)
        ends = accumulate(map(len, texts))
        return [
            whole.slice(end - len(text), len(text)) for text, end in zip(texts, ends, strict=True)
        ]
    if len(texts) == 1:
        return [None]
    return [_parsed_alike(parser, [text])[0] for text in texts]


def _walked(
    column: Column,
    raw: Sequence[object],
    first_row_number: int,
    bad_values: BadValues,
    journal: Journal,
) -> pa.Array:
    """Parse cell by cell, reporting each bad one."""
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


def _text_parser(wanted: ColumnType, text: pa.Array) -> "_TextParser":
    if wanted is ColumnType.DECIMAL and any(map(_is_long_ratio, text[:_SAMPLE_ROWS].to_pylist())):
        return _ratios
    return _TEXT_PARSERS[wanted]


def _from_text(text: pa.Array, parser: "_TextParser") -> pa.Array:
    """Parse whole columns of text.

    Raises:
        pa.ArrowInvalid: if a value is not what the parser reads.
    """
    # A cast that fails costs ten times one that succeeds, so empty texts are looked for first.
    if pc.min(pc.binary_length(text)).as_py() == 0:
        text = pc.if_else(pc.equal(text, ""), None, text)
    return parser(text)


def _unparsed(text: pa.Array) -> pa.Array:
    return text


def _integers(text: pa.Array) -> pa.Array:
    body = text.buffers()[2]
    # Arrow reads 0x10 as sixteen, which no vendor means.
    if body is not None and (b"x" in (octets := body.to_pybytes()) or b"X" in octets):
        raise pa.ArrowInvalid("hexadecimal")
    return text.cast(pa.int64())


def _decimals(text: pa.Array) -> pa.Array:
    _check_safe(text)
    with suppress(pa.ArrowInvalid):
        return text.cast(_DECIMAL)
    return _ratios(text)


def _ratios(text: pa.Array) -> pa.Array:
    _check_safe(text)
    with suppress(pa.ArrowInvalid):
        return _rounded(text.cast(_ROUNDABLE[0]))
    return _rounded(text.cast(_ROUNDABLE[1]))


def _check_safe(text: pa.Array) -> None:
    # Arrow 26 reads too many digits as another number, and a huge exponent ends the process:
    # such texts are left to the cell by cell reading.
    longest = pc.max(pc.binary_length(text)).as_py() or 0
    if longest > _SAFE_TEXT_LENGTH or _has_exponent(text):
        raise pa.ArrowInvalid("not safe to cast")


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


_TextParser = Callable[[pa.Array], pa.Array]
_TEXT_PARSERS: dict[ColumnType, _TextParser] = {
    ColumnType.STRING: _unparsed,
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
