"""Turns one raw value of a vendor into the Python value of a column type, exactly or not at all."""

import re
from collections.abc import Callable
from datetime import UTC, date, datetime
from decimal import ROUND_HALF_EVEN, Context, Decimal, InvalidOperation

import msgspec

from headrace.kit.columns import DECIMAL_PRECISION, DECIMAL_SCALE, ColumnType

_SHOWN_CHARACTERS = 60
_QUANTUM = Decimal(1).scaleb(-DECIMAL_SCALE)
_EXACT = Context(prec=2 * DECIMAL_PRECISION)
_NUMBER = re.compile(r"[+-]?([0-9]+\.?[0-9]*|\.[0-9]+)([eE][+-]?[0-9]+)?", re.ASCII)
_DATE = re.compile(r"[0-9]{4}-[0-9]{2}-[0-9]{2}", re.ASCII)
_BOOLEANS = {"true": True, "1": True, "false": False, "0": False}
_MAX_INTEGER_DIGITS = 19
_INT64 = range(-(2**63), 2**63)


def parse_cell(wanted: ColumnType, value: object) -> object:
    """Turn one raw value into the Python value of a column type, by the rules of `rows.typed_batch`.

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
