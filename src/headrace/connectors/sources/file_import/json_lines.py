"""Reads JSON lines exactly: numbers as they are written, nested values as JSON text.

Numbers with a fraction or an exponent are kept as bytes while Python holds them: that tells them
from strings, and no number passes through a float.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field
from operator import itemgetter
from types import NoneType
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.sources.file_import.columns import Block
from headrace.connectors.sources.file_import.preparation import Prepared
from headrace.connectors.sources.file_import.spool import view
from headrace.connectors.sources.file_import.text_types import ColumnGuess
from headrace.kit.columns import ColumnType
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

BLOCK_BYTES = 1 << 22
MAX_LINE_BYTES = 1 << 26
MAX_COLUMNS = 5_000
_Object = dict[str, Any]
_DECODER = msgspec.json.Decoder(_Object, float_hook=str.encode)
_NO_OBJECT = (msgspec.DecodeError, RecursionError, ValueError)
"""ValueError: a whole number of more than 4,300 digits, which Python refuses to read."""


@dataclass(frozen=True)
class BadLine:
    """A line that is no JSON object: its number, counted from 1, and its text."""

    number: int
    text: str


@dataclass(frozen=True)
class JsonBlock:
    """Some rows as text columns, and for each column which texts were JSON strings."""

    block: Block
    is_string: list[pa.BooleanArray]
    bad: list[BadLine]


@dataclass
class _Lines:
    """The objects of some lines with their line numbers, and the lines that are none."""

    objects: list[_Object] = field(default_factory=list)
    numbers: list[int] = field(default_factory=list)
    bad: list[BadLine] = field(default_factory=list)


class JsonLinesFile:
    """A prepared file with one JSON object in each line; blank lines are passed over."""

    def __init__(self, source: Prepared) -> None:
        self.name = source.name
        self._source = source

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[JsonBlock]:
        """Yield the rows, null where a key is absent, and the bad lines met.

        Without names, each block has the keys of its own objects, in the order of appearance.

        Raises:
            Refused: if a block has more than `MAX_COLUMNS` keys or a line is too long.
        """
        for lines in self._decoded():
            chosen = self._keys(lines.objects) if names is None else names
            found = [_texts(_values(lines.objects, name)) for name in chosen]
            rows = pa.RecordBatch.from_arrays([texts for texts, _ in found], names=list(chosen))
            block = Block(rows, lines.numbers.__getitem__)
            yield JsonBlock(block, [is_string for _, is_string in found], lines.bad)

    def check_column_count(self, count: int) -> None:
        """Refuse a file with too many different keys: those are values in the place of names."""
        if count > MAX_COLUMNS:
            raise Refused(
                told(
                    "{name} has more than {max_columns:,} different keys.",
                    name=self.name,
                    max_columns=MAX_COLUMNS,
                )
            )

    def _keys(self, objects: list[_Object]) -> list[str]:
        seen: dict[str, None] = {}
        for item in objects:
            if not item.keys() <= seen.keys():
                seen.update(dict.fromkeys(item))
                self.check_column_count(len(seen))
        return list(seen)

    def _decoded(self) -> Iterator[_Lines]:
        number = 1
        for chunk in self._whole_lines():
            yield _decode(chunk, number)
            number += chunk.count(b"\n")

    def _whole_lines(self) -> Iterator[bytes]:
        """Yield the file in pieces that end with a line."""
        file = view(self._source.file, self._source.start)
        while chunk := file.read(BLOCK_BYTES):
            rest = file.readline(MAX_LINE_BYTES)
            if len(rest) == MAX_LINE_BYTES:
                raise Refused(
                    told(
                        "{name} has a line longer than {max_line_bytes:,} bytes.",
                        name=self.name,
                        max_line_bytes=MAX_LINE_BYTES,
                    )
                )
            yield chunk + rest


def _decode(chunk: bytes, first_number: int) -> _Lines:
    result = _Lines()
    line_count = chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    try:
        objects = _DECODER.decode_lines(chunk)
    except _NO_OBJECT:
        objects = []
    if len(objects) == line_count:
        result.objects = objects
        result.numbers = list(range(first_number, first_number + line_count))
        return result
    for number, line in enumerate(chunk.split(b"\n"), start=first_number):
        if not line.strip():
            continue
        try:
            result.objects.append(_DECODER.decode(line))
            result.numbers.append(number)
        except _NO_OBJECT:
            result.bad.append(BadLine(number, line[:200].decode("utf-8", errors="replace")))
    return result


def _values(objects: list[_Object], name: str) -> list[Any]:
    try:
        return list(map(itemgetter(name), objects))
    except KeyError:
        return [item.get(name) for item in objects]


def _texts(values: list[Any]) -> tuple[pa.StringArray, pa.BooleanArray]:
    """Write a column as text and tell which values were strings. Most columns have one type."""
    kinds = set(map(type, values)) - {NoneType}
    if kinds <= {str}:
        return pa.array(values, pa.string()), _all(len(values), value=True)
    none = _all(len(values), value=False)
    if kinds == {bytes}:
        return pc.cast(pa.array(values, pa.binary()), pa.string()), none
    if kinds == {bool}:
        return pc.cast(pa.array(values, pa.bool_()), pa.string()), none
    if kinds == {int} and (numbers := _short_numbers(values)) is not None:
        return pc.cast(numbers, pa.string()), none
    texts = pa.array([_text(value) for value in values], pa.string())
    if str not in kinds:
        return texts, none
    return texts, pa.array([type(value) is str for value in values], pa.bool_())


def _short_numbers(values: list[int | None]) -> pa.Int64Array | None:
    try:
        return pa.array(values, pa.int64())
    except (OverflowError, pa.ArrowInvalid):
        return None


def _all(count: int, *, value: bool) -> pa.BooleanArray:
    return pa.repeat(pa.scalar(value), count)


def _text(value: Any) -> str | None:
    if value is None or isinstance(value, str):
        return value
    if isinstance(value, bytes):
        return value.decode()
    if isinstance(value, bool):
        return "true" if value else "false"
    if isinstance(value, int):
        return str(value)
    return msgspec.json.encode(_exact(value)).decode()


def _exact(value: Any) -> Any:
    """Put numbers as they were written back into a nested value."""
    if isinstance(value, bytes):
        return msgspec.Raw(value)
    if isinstance(value, dict):
        return {key: _exact(item) for key, item in value.items()}
    if isinstance(value, list):
        return [_exact(item) for item in value]
    if isinstance(value, int) and not isinstance(value, bool):
        return msgspec.Raw(str(value).encode())  # the encoder takes 64 bits only
    return value


@dataclass
class JsonGuess:
    """What is known of a column of JSON values.

    Strings become days or moments where all of them are; never numbers, for a JSON writer that
    means a number writes one. Columns that mix strings and other values are text.
    """

    _strings: ColumnGuess = field(default_factory=ColumnGuess)
    _others: ColumnGuess = field(default_factory=lambda: ColumnGuess(is_certain=True))

    @property
    def type(self) -> ColumnType:
        """The type the column can have; text if no value was seen."""
        strings, others = self._strings.type, self._others.type
        if self._strings.kind is None:
            return others
        timed = strings in {ColumnType.DATE, ColumnType.DATETIME}
        return strings if timed and self._others.kind is None else ColumnType.STRING

    def observe(self, texts: pa.StringArray, is_string: pa.BooleanArray) -> None:
        """Take a block into account; `is_string` tells the JSON strings from other values."""
        self._strings.observe(texts.filter(is_string))
        self._others.observe(texts.filter(pc.invert(is_string)))
