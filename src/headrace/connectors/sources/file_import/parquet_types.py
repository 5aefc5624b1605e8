"""Brings every type a Parquet file may hold to one of ours: pure functions on Arrow arrays."""

from base64 import b64encode
from collections.abc import Callable
from decimal import Decimal
from typing import Any
from uuid import UUID

import msgspec
import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.types as pat

from headrace.connectors.arrow_texts import outside_calendar
from headrace.connectors.sources.file_import.text_values import Converted
from headrace.kit.columns import ARROW_TYPES, DECIMAL_PRECISION, DECIMAL_SCALE, ColumnType

_INTEGER_DIGITS = DECIMAL_PRECISION - DECIMAL_SCALE
_DECIMAL = ARROW_TYPES[ColumnType.DECIMAL]
_KINDS: tuple[tuple[Callable[[Any], bool], ColumnType], ...] = (
    (pat.is_boolean, ColumnType.BOOLEAN),
    # Only unsigned 64-bit numbers exceed our integers; as decimals they stay numbers, exactly.
    (pat.is_uint64, ColumnType.DECIMAL),
    (pat.is_integer, ColumnType.INTEGER),
    (pat.is_floating, ColumnType.FLOAT),
    (pat.is_decimal, ColumnType.DECIMAL),
    (pat.is_date, ColumnType.DATE),
    (pat.is_timestamp, ColumnType.DATETIME),
)


def column_type(arrow_type: pa.DataType) -> ColumnType:
    """Return our type for an Arrow type; what has none is delivered as text."""
    if pat.is_dictionary(arrow_type):
        return column_type(arrow_type.value_type)
    return next((kind for matches, kind in _KINDS if matches(arrow_type)), ColumnType.STRING)


def may_not_fit(arrow_type: pa.DataType) -> bool:
    """Whether values of this type must be looked at to know that a decimal column holds them."""
    return bool(pat.is_decimal(arrow_type)) and (
        arrow_type.scale > DECIMAL_SCALE
        or arrow_type.precision - arrow_type.scale > _INTEGER_DIGITS
    )


def fits(values: pa.Array) -> bool:
    """Whether our decimal holds every value of a type that may not fit, without losing a digit."""
    kind = values.type
    if kind.precision - kind.scale > _INTEGER_DIGITS:
        # Arrow's rescaling turns larger numbers into others without a word.
        limit = pa.scalar(Decimal(10) ** _INTEGER_DIGITS, kind)
        if pc.any(pc.greater_equal(pc.abs(values), limit)).as_py():
            return False
    try:
        pc.cast(values, _DECIMAL)
    except pa.ArrowInvalid:
        return False
    return True


def converted(values: pa.Array, kind: ColumnType) -> Converted:
    """Bring an array to `kind`, which is `column_type` of its type, or text.

    NaN, by which data frames mean "nothing", becomes null; infinite numbers, and days and
    moments outside of the years 1 to 9999, are bad. Moments without a zone are taken as UTC;
    fractions finer than microseconds are cut.
    """
    values = _decoded(values)
    if kind is ColumnType.STRING:
        return Converted(as_text(values))
    if kind is ColumnType.FLOAT:
        return _finite(pc.cast(values, pa.float64()))
    if kind is ColumnType.DATETIME:
        return _in_calendar(_moments(values))
    plain = Converted(pc.cast(values, ARROW_TYPES[kind]))
    return _in_calendar(plain) if kind is ColumnType.DATE else plain


def _in_calendar(found: Converted) -> Converted:
    outside = outside_calendar(found.values)
    if not pc.any(outside).as_py():
        return found
    inside = pc.if_else(outside, pa.scalar(None, found.values.type), found.values)
    return Converted(inside, sorted([*found.bad, *pc.indices_nonzero(outside).to_pylist()]))


def as_text(values: pa.Array) -> pa.StringArray:
    """Write values as text: nested ones as JSON, UUIDs as such, other bytes as they read or hex."""
    values = _decoded(values)
    arrow_type = values.type
    if isinstance(arrow_type, pa.BaseExtensionType):
        if arrow_type.extension_name == "arrow.uuid":
            return _each(values.storage, lambda value: str(UUID(bytes=value)))
        return as_text(values.storage)
    if pat.is_nested(arrow_type):
        return _each(values, _json)
    if pat.is_binary(arrow_type) or pat.is_large_binary(arrow_type) or _is_fixed(arrow_type):
        return _bytes_as_text(values)
    if pat.is_interval(arrow_type):
        return _each(values, str)
    return pc.cast(values, pa.string())


def shown(value: pa.Scalar) -> str:
    """Write a value for a message, even one that Python's calendar does not have; null is empty."""
    if not value.is_valid:
        return ""
    try:
        return str(value.as_py())
    except (ValueError, OverflowError):
        return f"{value.type} {value.value}"


def _is_fixed(arrow_type: pa.DataType) -> bool:
    return bool(pat.is_fixed_size_binary(arrow_type) or pat.is_binary_view(arrow_type))


def _decoded(values: pa.Array) -> pa.Array:
    return pc.cast(values, values.type.value_type) if pat.is_dictionary(values.type) else values


def _finite(values: pa.Array) -> Converted:
    number = pc.if_else(pc.is_finite(values), values, pa.scalar(None, pa.float64()))
    bad = pc.indices_nonzero(pc.fill_null(pc.is_inf(values), False))
    return Converted(number, bad.to_pylist())


def _moments(values: pa.Array) -> Converted:
    options = pc.CastOptions(ARROW_TYPES[ColumnType.DATETIME], allow_time_truncate=True)
    try:
        return Converted(pc.cast(values, options=options))
    except pa.ArrowInvalid:
        if len(values) == 1:
            return Converted(pa.nulls(1, ARROW_TYPES[ColumnType.DATETIME]), [0])
    middle = len(values) // 2
    left, right = _moments(values[:middle]), _moments(values[middle:])
    return Converted(
        pa.concat_arrays([left.values, right.values]),
        left.bad + [position + middle for position in right.bad],
    )


def _bytes_as_text(values: pa.Array) -> pa.StringArray:
    """Old writers keep text in columns marked as bytes; what is no text is shown in hex."""
    plain = pc.cast(values, pa.binary())
    try:
        return pc.cast(plain, pa.string())
    except pa.ArrowInvalid:
        return _each(plain, _text_or_hex)


def _text_or_hex(value: bytes) -> str:
    try:
        return value.decode()
    except UnicodeDecodeError:
        return "\\x" + value.hex()


def _each(values: pa.Array, text: Callable[[Any], str]) -> pa.StringArray:
    return pa.array(
        [None if value is None else text(value) for value in values.to_pylist()], pa.string()
    )


def _json(value: Any) -> str:
    return _ENCODER.encode(_plain(value)).decode()


def _plain(value: Any) -> Any:
    """Turn a map, which Arrow gives as pairs, into an object where its keys are text."""
    if isinstance(value, list):
        if value and all(_is_pair(item) for item in value):
            return {key: _plain(item) for key, item in value}
        return [_plain(item) for item in value]
    if isinstance(value, dict):
        return {key: _plain(item) for key, item in value.items()}
    return value


def _is_pair(item: Any) -> bool:
    return isinstance(item, tuple) and len(item) == 2 and isinstance(item[0], str)


def _foreign(value: Any) -> Any:
    if isinstance(value, Decimal):
        return str(value)
    if isinstance(value, bytes):
        return b64encode(value).decode()
    return str(value)


_ENCODER = msgspec.json.Encoder(decimal_format="number", enc_hook=_foreign)
