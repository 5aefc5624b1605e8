"""Infers a column's type from all its texts, so that typing it loses nothing.

A column gets a type only if every value keeps its meaning: no digit, leading zero, plus sign, time
zone or spelling that tells values apart is lost. In doubt it stays text. Blocks are looked at with
Arrow's kernels; only the first value of a block is looked at in Python, to know what to try.
"""

import re
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum

import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.arrow_texts import parsed
from headrace.connectors.sources.file_import.text_values import with_zone
from headrace.kit.columns import ColumnType

_SAFE_FLOAT_DIGITS = 15
"""Every decimal number of this many digits comes back unchanged from a double (C's DBL_DIG)."""
_SHORT_INTEGER_DIGITS = 18
"""Every whole number of this many digits fits into 64 bits."""

_WHOLE = "^-?[0-9]+$"
_PLAIN = r"^-?((0|[1-9][0-9]*)(\.[0-9]+)?|\.[0-9]+)$"
_FLOAT = r"^-?(0|[1-9][0-9]*)?(\.[0-9]{1,40})?([eE][+-]?[0-9]{1,2})?$"
_FEW_DIGITS = r"^-?[0.]*([0-9]\.?){0,15}([eE].*)?$"
# `1e5` may be an article number; a point or a signed exponent is what only numbers have.
_CODE_LIKE = r"^[0-9]+[eE][0-9]+$"
_DATETIME = r"^[0-9]{4}-[0-9]{2}-[0-9]{2}[T ][0-9]{2}:[0-9]{2}(:[0-9]{2}(\.[0-9]{1,6})?)?"
_NAIVE = _DATETIME + "$"
_ZONED = _DATETIME + r"(Z|[+-][0-9]{2}(:?[0-9]{2})?)$"


class Kind(Enum):
    """What the values of a column are, finer than `ColumnType` where two forms must not mix."""

    INTEGER = "integer"
    DECIMAL = "decimal"
    FLOAT = "float"
    LOWER_BOOLEAN = "true and false"
    TITLE_BOOLEAN = "True and False"
    UPPER_BOOLEAN = "TRUE and FALSE"
    DATE = "date"
    LOCAL_DATETIME = "datetime without a time zone"
    ZONED_DATETIME = "datetime with a time zone"
    TEXT = "text"


_COLUMN_TYPES = {
    Kind.INTEGER: ColumnType.INTEGER,
    Kind.DECIMAL: ColumnType.DECIMAL,
    Kind.FLOAT: ColumnType.FLOAT,
    Kind.LOWER_BOOLEAN: ColumnType.BOOLEAN,
    Kind.TITLE_BOOLEAN: ColumnType.BOOLEAN,
    Kind.UPPER_BOOLEAN: ColumnType.BOOLEAN,
    Kind.DATE: ColumnType.DATE,
    Kind.LOCAL_DATETIME: ColumnType.DATETIME,
    Kind.ZONED_DATETIME: ColumnType.DATETIME,
    Kind.TEXT: ColumnType.STRING,
}
_NUMERIC = (Kind.INTEGER, Kind.DECIMAL, Kind.FLOAT)


@dataclass
class ColumnGuess:
    """What is known of a column after the blocks seen so far.

    With `is_certain`, what looks like a number is one, however it is written: JSON says so.
    """

    kind: Kind | None = None
    is_certain: bool = False
    _longest: int = 0

    @property
    def type(self) -> ColumnType:
        """The type the column can have; text if no value was seen."""
        return ColumnType.STRING if self.kind is None else _COLUMN_TYPES[self.kind]

    def observe(self, values: pa.StringArray) -> None:
        """Take a block of texts into account; nulls and empty texts say nothing."""
        if self.kind is Kind.TEXT:
            return
        values = filled(values)
        if not len(values):
            return
        if self.kind is None:
            self.kind = _kind_of(values, self.is_certain)
        else:
            self.kind = self._widened(values)
        if self.kind in {Kind.INTEGER, Kind.DECIMAL}:
            self._longest = max(self._longest, pc.max(pc.binary_length(values)).as_py())

    def _widened(self, values: pa.StringArray) -> Kind:
        if self.kind not in _NUMERIC:
            return self.kind if self.kind and _TESTS[self.kind](values) else Kind.TEXT
        before, now = self.kind, _number_kind(values, self.kind, self.is_certain)
        if now is Kind.FLOAT and before is not Kind.FLOAT and self._longest > _SAFE_FLOAT_DIGITS:
            return Kind.TEXT
        return now


def filled(values: pa.StringArray) -> pa.StringArray:
    """Return the values that are neither null nor empty."""
    return values.filter(pc.greater(pc.binary_length(values), 0))


def _reads(values: pa.StringArray, kind: ColumnType) -> bool:
    """Whether every value is one of that type, unchanged."""
    try:
        parsed(values, kind)
    except pa.ArrowInvalid:
        return False
    return True


def _all_match(values: pa.StringArray, pattern: str) -> bool:
    return bool(pc.all(pc.match_substring_regex(values, pattern)).as_py())


def _any_match(values: pa.StringArray, pattern: str) -> bool:
    return bool(pc.any(pc.match_substring_regex(values, pattern)).as_py())


def _all_in(values: pa.StringArray, choices: tuple[str, ...]) -> bool:
    return bool(pc.all(pc.is_in(values, pa.array(choices, pa.string()))).as_py())


def _is_integer(values: pa.StringArray) -> bool:
    try:
        numbers = pc.cast(values, pa.int64())
    except pa.ArrowInvalid:
        return False
    return bool(pc.all(pc.equal(pc.cast(numbers, pa.string()), values)).as_py())


def _is_decimal(values: pa.StringArray, is_certain: bool) -> bool:
    return (
        (is_certain or _all_match(values, _PLAIN))
        and _reads(values, ColumnType.DECIMAL)
        and not _has_long_integer(values)
    )


def _has_long_integer(values: pa.StringArray) -> bool:
    """Whether a value is a whole number beyond 64 bits: that is an id, and no amount."""
    long = values.filter(pc.greater(pc.binary_length(values), _SHORT_INTEGER_DIGITS))
    return not _reads(long.filter(pc.match_substring_regex(long, _WHOLE)), ColumnType.INTEGER)


def _is_float(values: pa.StringArray, is_certain: bool) -> bool:
    return (
        _all_match(values, _FLOAT)
        and _all_match(values, _FEW_DIGITS)
        and (is_certain or not _any_match(values, _CODE_LIKE))
        and _reads(values, ColumnType.FLOAT)
    )


def _has_exponent(values: pa.StringArray) -> bool:
    return _any_match(values, "[eE]")


def _is_date(values: pa.StringArray) -> bool:
    return _reads(values, ColumnType.DATE)


def _is_local_datetime(values: pa.StringArray) -> bool:
    return _all_match(values, _NAIVE) and _reads(with_zone(values), ColumnType.DATETIME)


def _is_zoned_datetime(values: pa.StringArray) -> bool:
    return _all_match(values, _ZONED) and _reads(values, ColumnType.DATETIME)


_TESTS: dict[Kind, Callable[[pa.StringArray], bool]] = {
    Kind.LOWER_BOOLEAN: lambda values: _all_in(values, ("true", "false")),
    Kind.TITLE_BOOLEAN: lambda values: _all_in(values, ("True", "False")),
    Kind.UPPER_BOOLEAN: lambda values: _all_in(values, ("TRUE", "FALSE")),
    Kind.DATE: _is_date,
    Kind.LOCAL_DATETIME: _is_local_datetime,
    Kind.ZONED_DATETIME: _is_zoned_datetime,
}


def _number_kind(values: pa.StringArray, at_least: Kind, is_certain: bool) -> Kind:
    """The narrowest number kind from `at_least` on that fits a block, or text."""
    if at_least is Kind.INTEGER and _is_integer(values):
        return Kind.INTEGER
    if at_least is not Kind.FLOAT and _is_decimal(values, is_certain):
        return Kind.DECIMAL
    if not _is_float(values, is_certain):
        return Kind.TEXT
    # Without an exponent it is a decimal that did not fit: as a float it would be cut.
    return Kind.FLOAT if at_least is Kind.FLOAT or _has_exponent(values) else Kind.TEXT


_FIRST_LOOKS = (
    (re.compile(r"-?\.?[0-9]+([.eE].*)?"), None),
    (re.compile("true|false"), Kind.LOWER_BOOLEAN),
    (re.compile("True|False"), Kind.TITLE_BOOLEAN),
    (re.compile("TRUE|FALSE"), Kind.UPPER_BOOLEAN),
    (re.compile(r"\d{4}-\d\d-\d\d"), Kind.DATE),
    (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+"), Kind.LOCAL_DATETIME),
    (re.compile(r"\d{4}-\d\d-\d\d[T ][\d:.]+(Z|[+-].+)"), Kind.ZONED_DATETIME),
)


def _kind_of(values: pa.StringArray, is_certain: bool) -> Kind:
    first: str = values[0].as_py()
    for look, kind in _FIRST_LOOKS:
        if look.fullmatch(first):
            if kind is None:
                return _number_kind(values, Kind.INTEGER, is_certain)
            return kind if _TESTS[kind](values) else Kind.TEXT
    return Kind.TEXT
