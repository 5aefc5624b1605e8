"""Rows and column names that loaders get wrong: every loader must carry them through unharmed."""

from collections.abc import Iterable, Mapping
from datetime import UTC, date, datetime
from decimal import Decimal
from typing import Any

import pyarrow as pa

from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.loaders.contract import ACCOUNT_COLUMN, INSERT_DATE_COLUMN

INSERTED_AT = datetime(2026, 3, 1, 4, 5, 6, 789_012, tzinfo=UTC)
ACCOUNT = "act_'1\""
DAY = date(2026, 2, 28)

SYSTEM_COLUMNS = (
    Column(ACCOUNT_COLUMN, ColumnType.STRING),
    Column(INSERT_DATE_COLUMN, ColumnType.DATETIME),
    Column("date", ColumnType.DATE),
)

COLUMNS = (
    *SYSTEM_COLUMNS,
    Column("id", ColumnType.STRING),
    Column("text", ColumnType.STRING),
    Column("number", ColumnType.INTEGER),
    Column("money", ColumnType.DECIMAL),
    Column("ratio", ColumnType.FLOAT),
    Column("flag", ColumnType.BOOLEAN),
    Column("birthday", ColumnType.DATE),
    Column("moment", ColumnType.DATETIME),
)

NASTY_NAMES = (
    "select",
    "user",
    "Order By",
    "MixedCase",
    'double " quote',
    "single ' quote",
    "back`tick",
    "semi;colon -- comment",
    "dot.ted",
    "per%cent %s %(name)s",
    "{braces} {0}",
    "back\\slash",
    "trailing space ",
    "tab\tinside",
    "имя колонки",
    "列名",
    "emoji 🚀",
    "9starts_with_digit",
    "$dollar",
    "n" * 63,
)
"""Column names that must arrive exactly as they are (S82)."""

COLUMNS_WITH_NASTY_NAMES = (
    *SYSTEM_COLUMNS,
    Column("id", ColumnType.STRING),
    *(Column(name, ColumnType.STRING) for name in NASTY_NAMES),
)

HOSTILE_TABLE_NAMES = (
    "",
    " ",
    ".",
    "..",
    "../escape",
    "/absolute",
    "nul\0inside",
    "new\nline",
    'x"; DROP TABLE victim; --',
    "x'; DROP TABLE victim; --",
    "public.victim",
    "select",
    "per%cent %s",
    "{braces}",
    "{{YYYY}}",
    "таблица",
    "tаble",  # noqa: RUF001 - the Cyrillic look-alike is the point
    "t" * 63,
    "t" * 64,
    "t" * 200,
    "я" * 32,
    "\u202etxet",
    "CON",
    "pg_catalog",
)
"""Table names that are either refused or used exactly as they are (S81)."""

_TEXTS = (
    None,
    "",
    " ",
    "NULL",
    "null",
    "\\N",
    "\\.",
    "None",
    'it\'s "quoted", `ticked`; -- and; commented /* */',
    "comma, tab\t semicolon; pipe|",
    "line\nfeed",
    "carriage\r\nreturn",
    "\u2028line\u2029separators\u0085",
    "trailing backslash \\",
    '"',
    '""',
    "=1+1",
    "0012",
    "1e5",
    "true",
    "{json: [1,2]}",
    "%s %(x)s {0}",
    "日本語 العربية עברית",
    "👩‍👩‍👧‍👦 family of code points",
    "combining e\u0301 versus é",
    "\ufeffbyte order mark",
    "\u200bzero width",
    "\U0010ffff last code point",
    "bell \a and escape \x1b",
    "x" * 70_000,
)
_NUMBERS = (None, 0, -1, 2**63 - 1, -(2**63), 2**53 + 1)
_MONEY = (
    None,
    Decimal(0),
    Decimal("0.000000001"),
    Decimal("-0.000000001"),
    Decimal("9" * 29 + "." + "9" * 9),
    Decimal("-" + "9" * 29 + "." + "9" * 9),
    Decimal(10000),
    Decimal("123456789.1"),
)
_RATIOS = (None, 0.0, 0.1, -1.5, 1.7976931348623157e308, 5e-324, 1e15 + 0.3)
_FLAGS = (None, True, False)
_BIRTHDAYS = (None, date(1, 1, 1), date(9999, 12, 31), date(1970, 1, 1), date(2000, 2, 29))
_MOMENTS = (
    None,
    datetime(1, 1, 1, tzinfo=UTC),
    datetime(9999, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(1969, 12, 31, 23, 59, 59, 999_999, tzinfo=UTC),
    datetime(2026, 3, 29, 1, 30, tzinfo=UTC),
)

Row = dict[str, Any]


def nasty_rows(account_id: str = ACCOUNT, day: date = DAY) -> list[Row]:
    """Rows of one account and day with every nasty value, each with its own `id`."""
    return [
        {
            ACCOUNT_COLUMN: account_id,
            INSERT_DATE_COLUMN: INSERTED_AT,
            "date": day,
            "id": f"row {number}",
            "text": text,
            "number": _NUMBERS[number % len(_NUMBERS)],
            "money": _MONEY[number % len(_MONEY)],
            "ratio": _RATIOS[number % len(_RATIOS)],
            "flag": _FLAGS[number % len(_FLAGS)],
            "birthday": _BIRTHDAYS[number % len(_BIRTHDAYS)],
            "moment": _MOMENTS[number % len(_MOMENTS)],
        }
        for number, text in enumerate(_TEXTS)
    ]


def rows_under_nasty_names(account_id: str = ACCOUNT, day: date = DAY) -> list[Row]:
    """Two rows whose columns have the nasty names: one of values, one of nulls."""
    system = {ACCOUNT_COLUMN: account_id, INSERT_DATE_COLUMN: INSERTED_AT, "date": day}
    full = {name: f"value of {name}" for name in NASTY_NAMES}
    return [{**system, "id": "full", **full}, {**system, "id": "nulls", **dict.fromkeys(full)}]


def batch_of(columns: Iterable[Column], rows: Iterable[Mapping[str, Any]]) -> pa.RecordBatch:
    """Make one batch of some rows; values a row does not name are null."""
    return pa.RecordBatch.from_pylist(list(rows), schema=arrow_schema(list(columns)))
