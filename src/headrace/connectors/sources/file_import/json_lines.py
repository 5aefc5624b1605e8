"""Reads JSON lines exactly: numbers as they are written, nested values as their own JSON text.

Each value is first kept as the JSON text it is, so that no number passes through a float.
"""

from collections.abc import Iterator, Sequence
from dataclasses import dataclass, field

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.sources.file_import.columns import Block
from headrace.connectors.sources.file_import.preparation import Prepared
from headrace.connectors.sources.file_import.spool import view
from headrace.connectors.sources.file_import.text_types import ColumnGuess
from headrace.kit.columns import ColumnType
from headrace.kit.outcomes import Refused

BLOCK_BYTES = 1 << 22
MAX_LINE_BYTES = 1 << 26
MAX_COLUMNS = 5_000
_Object = dict[str, msgspec.Raw]
_DECODER = msgspec.json.Decoder(_Object)
_NULL = b"null"
_QUOTE, _BACKSLASH = '"', "\\"


@dataclass(frozen=True)
class BadLine:
    """A line that is no JSON object: its number, counted from 1, and its text."""

    number: int
    text: str


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

    def blocks(self, names: Sequence[str] | None = None) -> Iterator[tuple[Block, list[BadLine]]]:
        """Yield the rows as columns of JSON texts (null where absent), with the bad lines met.

        Without names, each block has the keys of its own objects, in the order of appearance.

        Raises:
            Refused: if a block has more than `MAX_COLUMNS` keys or a line is too long.
        """
        for lines in self._decoded():
            chosen = self._keys(lines.objects) if names is None else names
            arrays = [_json_texts(lines.objects, name) for name in chosen]
            rows = pa.RecordBatch.from_arrays(arrays, names=list(chosen))
            yield Block(rows, lines.numbers.__getitem__), lines.bad

    def check_column_count(self, count: int) -> None:
        """Refuse a file with too many different keys: those are values in the place of names."""
        if count > MAX_COLUMNS:
            raise Refused(f"{self.name} has more than {MAX_COLUMNS:,} different keys.")

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
                raise Refused(f"{self.name} has a line longer than {MAX_LINE_BYTES:,} bytes.")
            yield chunk + rest


def _decode(chunk: bytes, first_number: int) -> _Lines:
    result = _Lines()
    line_count = chunk.count(b"\n") + (not chunk.endswith(b"\n"))
    try:
        objects = _DECODER.decode_lines(chunk)
    except (msgspec.DecodeError, RecursionError):
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
        except (msgspec.DecodeError, RecursionError):
            result.bad.append(BadLine(number, line[:200].decode("utf-8", errors="replace")))
    return result


def _json_texts(objects: list[_Object], name: str) -> pa.StringArray:
    raw = [item.get(name) for item in objects]
    values = [None if value is None else bytes(value) for value in raw]
    return pc.cast(
        pa.array([None if value == _NULL else value for value in values], pa.binary()), pa.string()
    )


def unquoted(texts: pa.StringArray) -> pa.StringArray:
    """Turn JSON strings into what they say; other JSON texts stay as they are."""
    is_string = pc.starts_with(texts, _QUOTE)
    if not pc.any(is_string).as_py():
        return texts
    if pc.any(pc.match_substring(texts, _BACKSLASH)).as_py():
        return pa.array([_said(text) for text in texts.to_pylist()], pa.string())
    return pc.if_else(is_string, pc.utf8_slice_codeunits(texts, 1, -1), texts)


def _said(text: str | None) -> str | None:
    if text is None or not text.startswith(_QUOTE):
        return text
    try:
        return str(msgspec.json.decode(text))
    except msgspec.DecodeError:  # half of a pair of escapes: no text, so it stays as written
        return text


@dataclass
class JsonGuess:
    """What is known of a column of JSON texts.

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

    def observe(self, texts: pa.StringArray) -> None:
        """Take a block of JSON texts into account."""
        is_string = pc.starts_with(texts, _QUOTE)
        self._strings.observe(unquoted(texts.filter(is_string)))
        self._others.observe(texts.filter(pc.invert(is_string)))
