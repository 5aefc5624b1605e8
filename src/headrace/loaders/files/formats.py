"""The file formats: how batches become bytes, and bytes the same batches again."""

import zlib
from abc import ABC, abstractmethod
from collections.abc import Callable, Iterator, Sequence
from functools import partial
from typing import Any, ClassVar, Protocol

import pyarrow as pa
import pyarrow.parquet as pq

from headrace.kit.columns import Column, arrow_schema
from headrace.loaders.files import stored, text
from headrace.loaders.files.reading import (
    Opener,
    csv_batches,
    json_batches,
    parquet_batches,
    stored_types,
)

_SLICE_ROWS = 16_384
_SLICE_BYTES = 16 << 20
_GROUP_ROWS = 131_072
_GROUP_BYTES = 32 << 20
# Level 6 is the usual one; 3 costs half of its time for files an eighth larger (docs of this
# folder's targets give the figures).
_GZIP_LEVEL = 3


class Output(Protocol):
    """Where a writer puts bytes."""

    def write(self, content: bytes, /) -> Any:
        """Take some bytes."""


class RowWriter(ABC):
    """Writes batches of one schema to an output, which it does not close."""

    @abstractmethod
    def write(self, batch: pa.RecordBatch) -> None:
        """Add rows."""

    @abstractmethod
    def finish(self) -> None:
        """Write what is still held back, and the end of the file."""


class Format(ABC):
    """A file format with its settings.

    separator: what stands between values, in CSV.
    """

    extension: ClassVar[str]

    def __init__(self, separator: str) -> None:
        self.separator = separator

    @abstractmethod
    def writer(self, output: Output, columns: Sequence[Column]) -> RowWriter:
        """Begin a file."""

    @abstractmethod
    def read(
        self, opener: Opener, columns: Sequence[Column], *, long_rows: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Read a file an earlier load wrote, in these columns.

        Columns it lacks are null, columns it has beyond them are left out, and narrower types are
        widened. Memory is bounded by some blocks of the file; `long_rows` takes larger ones.

        Raises:
            pa.ArrowException, ValueError: if the file is none of this format, or holds values
                that do not fit.
        """

    @abstractmethod
    def columns_for(
        self, opener: Opener, columns: tuple[Column, ...], *, thorough: bool = False
    ) -> tuple[Column, ...]:
        """Return the columns to rebuild a file in, that nothing it holds is lost.

        Today's columns come first, then those the file alone has. The types of the latter are
        guessed from their first values unless `thorough`, which reads every value and also widens
        today's types to those of the file.
        """


class _Gzip:
    """Compresses on the way to an output; the result depends on the content alone."""

    def __init__(self, output: Output) -> None:
        self._output = output
        self._deflate = zlib.compressobj(_GZIP_LEVEL, wbits=31)

    def write(self, content: bytes) -> None:
        if squeezed := self._deflate.compress(content):
            self._output.write(squeezed)

    def finish(self) -> None:
        self._output.write(self._deflate.flush())


class _TextWriter(RowWriter):
    def __init__(self, output: Output, render: Callable[[pa.RecordBatch], pa.Buffer]) -> None:
        self._output = output
        self._render = render

    def write(self, batch: pa.RecordBatch) -> None:
        rows = max(1, min(_SLICE_ROWS, batch.num_rows * _SLICE_BYTES // max(1, batch.nbytes)))
        for start in range(0, batch.num_rows, rows):
            self._output.write(self._render(batch.slice(start, rows)))

    def finish(self) -> None:
        if isinstance(self._output, _Gzip):
            self._output.finish()


def _text_columns(
    columns: tuple[Column, ...],
    names: Sequence[str],
    rows: Callable[[], Iterator[stored.Cells]],
    thorough: bool,
) -> tuple[Column, ...]:
    if thorough:
        return stored.together(columns, stored.shown_types(rows()))
    extra = set(names) - {column.name for column in columns}
    if not extra:
        return columns
    guessed = stored.shown_types(rows(), wanted=extra)
    return stored.together(columns, {name: guessed.get(name) for name in names if name in extra})


class Csv(Format):
    """Comma-separated values after RFC 4180, with a header line, UTF-8, lines ending in LF."""

    extension = ".csv"

    def writer(self, output: Output, columns: Sequence[Column]) -> RowWriter:
        """Begin a file with its header."""
        output.write(text.csv_header(columns, self.separator))
        return _TextWriter(output, lambda rows: text.csv_lines(rows, columns, self.separator))

    def read(
        self, opener: Opener, columns: Sequence[Column], *, long_rows: bool = False
    ) -> Iterator[pa.RecordBatch]:
        """Read back; an empty field is null, a quoted empty field the empty text."""
        return csv_batches(self._content(opener), columns, self.separator, long_rows=long_rows)

    def columns_for(
        self, opener: Opener, columns: tuple[Column, ...], *, thorough: bool = False
    ) -> tuple[Column, ...]:
        """Look at the header and, where needed, at how values are written."""
        content = self._content(opener)
        names = stored.csv_names(content, self.separator)
        rows = partial(stored.csv_rows, content, self.separator)
        return _text_columns(columns, names, rows, thorough)

    def _content(self, opener: Opener) -> Opener:
        return opener


class JsonLines(Format):
    """One JSON object a line, UTF-8."""

    extension = ".json"

    def writer(self, output: Output, columns: Sequence[Column]) -> RowWriter:
        """Begin a file."""
        return _TextWriter(output, lambda rows: text.json_lines(rows, columns))

    def read(
        self,
        opener: Opener,
        columns: Sequence[Column],
        *,
        long_rows: bool = False,  # noqa: ARG002 (rows of any length are read)
    ) -> Iterator[pa.RecordBatch]:
        """Read back."""
        return json_batches(self._content(opener), columns)

    def columns_for(
        self, opener: Opener, columns: tuple[Column, ...], *, thorough: bool = False
    ) -> tuple[Column, ...]:
        """Look at the first object and, where needed, at all values."""
        content = self._content(opener)
        names = stored.json_names(content)
        return _text_columns(columns, names, partial(stored.json_rows, content), thorough)

    def _content(self, opener: Opener) -> Opener:
        return opener


class CsvGzip(Csv):
    """CSV in gzip."""

    extension = ".csv.gz"

    def writer(self, output: Output, columns: Sequence[Column]) -> RowWriter:
        """Begin a file with its header."""
        return super().writer(_Gzip(output), columns)

    def _content(self, opener: Opener) -> Opener:
        return lambda: unzipped(opener())


class JsonLinesGzip(JsonLines):
    """JSON lines in gzip."""

    extension = ".json.gz"

    def writer(self, output: Output, columns: Sequence[Column]) -> RowWriter:
        """Begin a file."""
        return super().writer(_Gzip(output), columns)

    def _content(self, opener: Opener) -> Opener:
        return lambda: unzipped(opener())


class _ParquetWriter(RowWriter):
    """Gathers rows into groups of a useful size: batches may be as small as one row."""

    def __init__(self, output: Output, columns: Sequence[Column]) -> None:
        schema = arrow_schema(list(columns))
        self._file = pq.ParquetWriter(pa.PythonFile(output, "w"), schema, compression="snappy")
        self._schema = schema
        self._held: list[pa.RecordBatch] = []
        self._rows = self._bytes = 0

    def write(self, batch: pa.RecordBatch) -> None:
        self._held.append(batch)
        self._rows += batch.num_rows
        self._bytes += batch.nbytes
        if self._rows >= _GROUP_ROWS or self._bytes >= _GROUP_BYTES:
            self._flush()

    def finish(self) -> None:
        self._flush()
        self._file.close()

    def _flush(self) -> None:
        if self._rows:
            self._file.write_table(pa.Table.from_batches(self._held, self._schema))
        self._held, self._rows, self._bytes = [], 0, 0


class Parquet(Format):
    """Apache Parquet, Snappy-compressed."""

    extension = ".parquet"

    def writer(self, output: Output, columns: Sequence[Column]) -> RowWriter:
        """Begin a file."""
        return _ParquetWriter(output, columns)

    def read(
        self,
        opener: Opener,
        columns: Sequence[Column],
        *,
        long_rows: bool = False,  # noqa: ARG002 (rows of any length are read)
    ) -> Iterator[pa.RecordBatch]:
        """Read back."""
        return parquet_batches(opener, columns)

    def columns_for(
        self,
        opener: Opener,
        columns: tuple[Column, ...],
        *,
        thorough: bool = False,  # noqa: ARG002 (a Parquet file says what it holds)
    ) -> tuple[Column, ...]:
        """Look at the schema of the file."""
        return stored.together(columns, stored_types(opener))


def unzipped(source: Any) -> Any:
    """Return a gzip file's content as a stream."""
    return pa.CompressedInputStream(pa.PythonFile(source, "r"), "gzip")


FORMATS: dict[str, type[Format]] = {
    "csv": Csv,
    "csv+gzip": CsvGzip,
    "json": JsonLines,
    "json+gzip": JsonLinesGzip,
    "parquet": Parquet,
}
"""The formats by the name the API gives them (contract 4.11)."""
