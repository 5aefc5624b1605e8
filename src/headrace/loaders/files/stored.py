"""What columns a text file already holds: names from its beginning, types from its values.

Needed only where a file holds more than today's columns, or wider types than today's: such a file
keeps them when it is rebuilt. Types follow from how `headrace.loaders.files.text` writes: in CSV
texts are quoted and nothing else is; decimals have nine digits after the point.
"""

import io
import json
import re
from collections.abc import Iterator, Mapping
from typing import Any

from headrace.kit.columns import Column, ColumnType, wider
from headrace.loaders.files.reading import Opener

_CHUNK = 1 << 20
_BARE = (
    (re.compile(r"true|false"), ColumnType.BOOLEAN),
    (re.compile(r"-?\d+"), ColumnType.INTEGER),
    (re.compile(r"-?\d+\.\d{9}"), ColumnType.DECIMAL),
    (re.compile(r"\d{4}-\d\d-\d\d"), ColumnType.DATE),
    (re.compile(r"\d{4}-\d\d-\d\dT[\d:.]+Z"), ColumnType.DATETIME),
)
_NO_NUMBERS = {"NaN", "Infinity", "-Infinity"}

Cells = Mapping[str, ColumnType | None]
"""One row: the type each value shows, None for null."""


def csv_rows(opener: Opener, separator: str) -> Iterator[Cells]:
    """Yield the types the values of a CSV file show."""
    rows = _csv_fields(opener, separator)
    names = [_unquoted(field) for field in next(rows, [])]
    for row in rows:
        yield {name: _csv_type(field) for name, field in zip(names, row, strict=False)}


def csv_names(opener: Opener, separator: str) -> list[str]:
    """Return the names in the header."""
    return [_unquoted(field) for field in next(_csv_fields(opener, separator), [])]


def json_rows(opener: Opener) -> Iterator[Cells]:
    """Yield the types the values of a JSON lines file show; dates are texts there."""
    for line in io.TextIOWrapper(opener(), encoding="utf-8", newline="\n"):
        row = json.loads(line, parse_float=_Number, parse_int=_Number)
        if not isinstance(row, dict):
            raise ValueError("a line holds no object")  # noqa: TRY004 (bad content, no bad call)
        yield {name: _json_type(value) for name, value in row.items()}


def json_names(opener: Opener) -> list[str]:
    """Return the members of the first object: every object of a file has the same."""
    return list(next(json_rows(opener), {}))


def shown_types(
    rows: Iterator[Cells], wanted: set[str] | None = None
) -> Mapping[str, ColumnType | None]:
    """Return the type of each column, None where all values are null.

    With `wanted`, only those columns are looked at, and only up to their first value: a guess.
    """
    types: dict[str, ColumnType | None] = {}
    for row in rows:
        for name, shown in row.items():
            known = types.setdefault(name, None)
            if shown and not (wanted and known):
                types[name] = wider(known, shown) if known else shown
        if wanted and all(types.get(name) for name in wanted):
            break
    return types


def together(
    columns: tuple[Column, ...], stored: Mapping[str, ColumnType | None]
) -> tuple[Column, ...]:
    """Return today's columns, widened by what is stored, and then those only stored."""
    today = {column.name for column in columns}
    merged = [Column(c.name, wider(c.type, stored.get(c.name) or c.type)) for c in columns]
    extra = [
        Column(name, shown or ColumnType.STRING)
        for name, shown in stored.items()
        if name not in today
    ]
    return (*merged, *extra)


class _Number(str):
    """The digits of a JSON number, apart from a JSON text."""

    __slots__ = ()


def _bare_type(text: str) -> ColumnType:
    found = (shown for pattern, shown in _BARE if pattern.fullmatch(text))
    return next(found, ColumnType.FLOAT)


def _csv_type(field: str) -> ColumnType | None:
    if not field:
        return None
    return ColumnType.STRING if field.startswith('"') else _bare_type(field)


def _json_type(value: Any) -> ColumnType | None:
    if value is None:
        return None
    if isinstance(value, bool):
        return ColumnType.BOOLEAN
    if isinstance(value, _Number):
        return _bare_type(value)
    if isinstance(value, str):
        return ColumnType.FLOAT if value in _NO_NUMBERS else ColumnType.STRING
    raise ValueError("a value is an object or a list, which no load writes")


def _unquoted(field: str) -> str:
    return field[1:-1].replace('""', '"') if field.startswith('"') else field


def _csv_fields(opener: Opener, separator: str) -> Iterator[list[str]]:
    """Cut CSV into fields as they stand, with their quotes."""
    part = re.escape(separator)
    one = re.compile(rf'("(?:[^"]|"")*"|[^"{part}\n]*)({part}|\n)')
    stream = io.TextIOWrapper(opener(), encoding="utf-8", newline="")
    rest, row = "", list[str]()
    while chunk := stream.read(_CHUNK):
        rest += chunk
        position = 0
        while match := one.match(rest, position):
            position = match.end()
            row.append(match.group(1))
            if match.group(2) == "\n":
                yield row
                row = []
        rest = rest[position:]
        if len(rest) > 16 * _CHUNK:
            raise ValueError("a quote is never closed")
    if rest or row:
        raise ValueError("the file does not end with a whole line")
