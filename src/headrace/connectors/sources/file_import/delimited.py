"""Reads CSV and TSV in blocks of text columns: bounded memory, whatever the size of the file."""

import csv
import io
import os
from bisect import bisect_right
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from typing import Any, BinaryIO

import pyarrow as pa
import pyarrow.csv as pacsv

from headrace.connectors.sources.file_import.columns import Block, unique_names
from headrace.connectors.sources.file_import.preparation import Prepared
from headrace.connectors.sources.file_import.recognition import HEAD_BYTES, dialect_of
from headrace.connectors.sources.file_import.settings import FileSettings
from headrace.connectors.sources.file_import.spool import view
from headrace.kit.outcomes import Refused
from headrace.kit.told import Told, joined, told, told_by

BLOCK_BYTES = 1 << 21
_MAX_HEADER_BYTES = 1 << 20
_MAX_RAGGED_ROWS = 100_000
_NAMED_LINES = 5
_TAIL_BYTES = 64


@dataclass
class RaggedRows:
    """The rows of a file that have more or fewer values than the header, by record number.

    The first record after the header is number 1; blank lines are not counted.
    """

    numbers: list[int] = field(default_factory=list)
    found: list[tuple[int, int, str]] = field(default_factory=list)
    """Those of the current block: record number, how many values, the row as it stands."""

    def note(self, row: Any) -> str:
        """Remember a row Arrow could not fit; tell it to leave the row out."""
        if len(self.numbers) >= _MAX_RAGGED_ROWS:
            return "error"
        self.numbers.append(row.number)
        self.found.append((row.number, row.actual_columns, row.text))
        return "skip"

    def record_number(self, position: int) -> int:
        """The record number of the row that is at `position`, from 0, among those that fit."""
        number = position + 1
        while (shifted := position + 1 + bisect_right(self.numbers, number)) != number:
            number = shifted
        return number


class DelimitedFile:
    """A prepared CSV or TSV file with its header read.

    Raises:
        Refused: if there is no header line to read.
    """

    def __init__(self, source: Prepared, settings: FileSettings) -> None:
        self.name = source.name
        self._file = source.file
        self._dialect = dialect_of(self._sample(source.start), settings, source.format)
        header, self._rows_start, self._first_line = self._read_header(
            source.start + self._dialect.skipped_bytes
        )
        self.names = unique_names(header)

    def blocks(self) -> Iterator[tuple[Block, list[tuple[int, int, str]]]]:
        """Yield the rows as text columns, each block with the ragged rows met in it.

        Text is null where a value is empty and not quoted.

        Raises:
            Refused: if a row is longer than a block or a quote is never closed.
        """
        ragged = RaggedRows()
        position, last = 0, self._no_rows()
        with self._reading():
            for rows in self._open(ragged):
                yield Block(rows, _numbering(ragged, position)), ragged.found
                ragged.found = []
                position, last = position + rows.num_rows, rows
        self._check_last_quote(last, ragged.record_number(position - 1))
        if ragged.found:
            yield Block(self._no_rows(), _numbering(ragged, position)), ragged.found

    def line_numbers(self, records: list[int]) -> list[int]:
        """Return the lines on which some records start, counted as an editor does, ascending.

        Reads the file again, for values may hold line ends: meant for messages.
        """
        wanted, lines = set(records), []
        text = io.TextIOWrapper(view(self._file, self._rows_start), encoding="utf-8", newline="")
        try:
            reader = csv.reader(text, delimiter=self._dialect.delimiter)
            number, start = 0, self._first_line
            for record in reader:
                number += bool(record)
                if record and number in wanted:
                    lines.append(start)
                start = self._first_line + reader.line_num
                if number >= max(wanted):
                    break
        except csv.Error:
            lines = []
        if len(lines) < len(wanted):  # the two readers count differently: name the nearest
            return [number + self._first_line - 1 for number in sorted(wanted)]
        return lines

    def ragged_refusal(self, found: list[tuple[int, int, str]]) -> Refused:
        """Describe ragged rows by the first lines they are on."""
        first = found[:_NAMED_LINES]
        lines = self.line_numbers([number for number, _, _ in first])
        places = joined(
            (
                told("line {line} has {count}", line=line, count=count)
                for line, (_, count, _) in zip(lines, first, strict=False)
            ),
            ", ",
        )
        if len(found) > len(first):
            places = told("{places} and more follow", places=places)
        return Refused(
            told(
                "{name}: the header has {number} values, but {places}. Correct these "
                "lines, or let the extract leave out and count bad values.",
                name=self.name,
                number=len(self.names),
                places=places,
            )
        )

    def _check_last_quote(self, last: pa.RecordBatch, number: int) -> None:
        """Refuse a file whose last value swallowed the lines after a quote that is never closed.

        Arrow takes the end of the file for the closing quote.
        """
        value = last.column(last.num_columns - 1)[-1].as_py() if last.num_rows else None
        if value and "\n" in value and not self._tail().rstrip().endswith(b'"'):
            raise Refused(
                told(
                    "{name}, line {line}: a quote that opens a value is never closed.",
                    name=self.name,
                    line=self.line_numbers([number])[0],
                )
            )

    def _tail(self) -> bytes:
        size = os.fstat(self._file.fileno()).st_size
        return view(self._file, max(size - _TAIL_BYTES, 0)).read()

    def _sample(self, start: int) -> str:
        return view(self._file, start).read(HEAD_BYTES).decode("utf-8", errors="replace")

    def _read_header(self, start: int) -> tuple[list[str], int, int]:
        """Return the header, the offset behind it and the number of the line there."""
        lines = _HeaderLines(view(self._file, start))
        try:
            for record in csv.reader(lines, delimiter=self._dialect.delimiter):
                if record:
                    before = 1 if self._dialect.skipped_bytes else 0
                    return record, start + lines.read_bytes, lines.read_lines + before + 1
        except csv.Error as error:
            raise Refused(
                told(
                    "{name} has no readable header line: {error}.",
                    name=self.name,
                    error=told_by(error),
                )
            ) from None
        raise Refused(
            told("{name} holds nothing but blank lines; it needs a header line.", name=self.name)
        )

    def _open(self, ragged: RaggedRows) -> Iterator[pa.RecordBatch]:
        if not view(self._file, self._rows_start).read(1):
            return iter(())  # Arrow takes a file without rows for an error
        reader: Iterator[pa.RecordBatch] = pacsv.open_csv(
            pa.PythonFile(view(self._file, self._rows_start), mode="r"),
            read_options=pacsv.ReadOptions(
                column_names=self.names, block_size=BLOCK_BYTES, use_threads=False
            ),
            parse_options=pacsv.ParseOptions(
                delimiter=self._dialect.delimiter,
                newlines_in_values=True,
                invalid_row_handler=ragged.note,
            ),
            convert_options=pacsv.ConvertOptions(
                column_types=dict.fromkeys(self.names, pa.string()),
                null_values=[""],
                strings_can_be_null=True,
                quoted_strings_can_be_null=False,
            ),
        )
        return reader

    @contextmanager
    def _reading(self) -> Iterator[None]:
        try:
            yield
        except pa.ArrowInvalid as error:
            raise Refused(
                told(
                    "{name} cannot be read as {shape}: {reason}",
                    name=self.name,
                    shape=self._shape(),
                    reason=_reason(error),
                )
            ) from None

    def _shape(self) -> Told:
        return told("rows divided by {delimiter!r}", delimiter=self._dialect.delimiter)

    def _no_rows(self) -> pa.RecordBatch:
        return pa.record_batch([pa.array([], pa.string())] * len(self.names), names=self.names)


class _HeaderLines:
    """Yields decoded lines and counts them, so that the header's end is known in bytes."""

    def __init__(self, file: BinaryIO) -> None:
        self._file = file
        self.read_bytes = 0
        self.read_lines = 0

    def __iter__(self) -> "_HeaderLines":
        return self

    def __next__(self) -> str:
        line = self._file.readline(_MAX_HEADER_BYTES)
        self.read_bytes += len(line)
        self.read_lines += 1
        if self.read_bytes >= _MAX_HEADER_BYTES:
            raise csv.Error("it is longer than a megabyte")
        if not line:
            raise StopIteration
        return line.decode("utf-8")


def _numbering(ragged: RaggedRows, start: int) -> Any:
    return lambda position: ragged.record_number(start + position)


def _reason(error: pa.ArrowInvalid) -> Told:
    if "straddling" in str(error):
        return told(
            "a row is longer than {most:,} bytes, or a quote that opens a value is never closed.",
            most=BLOCK_BYTES,
        )
    return told("too many rows do not fit the header; check the delimiter.")
