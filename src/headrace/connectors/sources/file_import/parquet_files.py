"""Reads Parquet in small batches, whatever the size of its row groups."""

from collections.abc import Collection, Iterator
from contextlib import contextmanager

import pyarrow as pa
import pyarrow.parquet as pq

from headrace.connectors.sources.file_import.columns import Block, unique_names
from headrace.connectors.sources.file_import.preparation import Prepared
from headrace.kit.outcomes import Refused
from headrace.kit.told import told

_MOST_ROWS = 16_384
_BATCH_BYTES = 8_000_000
_STREAM_BYTES = 1 << 20


class ParquetRows:
    """A Parquet file with its schema read.

    Raises:
        Refused: if it is cut off, damaged or encrypted.
    """

    def __init__(self, source: Prepared) -> None:
        self.name = source.name
        with self._faults():
            self._file = pq.ParquetFile(
                pa.PythonFile(source.file, mode="r"),
                pre_buffer=False,
                buffer_size=_STREAM_BYTES,
                coerce_int96_timestamp_unit="us",
            )
        schema = self._file.schema_arrow
        self._own_names: list[str] = schema.names
        self.names = unique_names(self._own_names)
        self.types: list[pa.DataType] = schema.types

    def blocks(self, names: Collection[str] | None = None) -> Iterator[Block]:
        """Yield the rows, all columns or some, in blocks of a few megabytes.

        Raises:
            Refused: if a part of the file is damaged.
        """
        chosen = [
            position for position, name in enumerate(self.names) if names is None or name in names
        ]
        wanted = [self._own_names[position] for position in chosen]
        schema = pa.schema([(self.names[position], self.types[position]) for position in chosen])
        before = 1
        with self._faults():
            for rows in self._file.iter_batches(self._batch_rows(), columns=wanted):
                block = pa.RecordBatch.from_arrays(rows.columns, schema=schema)
                yield Block(block, _counting_from(before))
                before += rows.num_rows

    def _batch_rows(self) -> int:
        described = self._file.metadata
        sizes = (
            described.row_group(position).total_byte_size
            for position in range(described.num_row_groups)
        )
        row_bytes = sum(sizes) / max(described.num_rows, 1)
        return max(1, min(_MOST_ROWS, int(_BATCH_BYTES / max(row_bytes, 1))))

    @contextmanager
    def _faults(self) -> Iterator[None]:
        try:
            yield
        except (pa.ArrowException, OSError) as error:
            first = str(error).strip().partition("\n")[0][:200]
            raise Refused(
                told(
                    "{name} is not a whole Parquet file ({first}). Write it again.",
                    name=self.name,
                    first=first,
                )
            ) from None


def _counting_from(first: int) -> "_Counting":
    return _Counting(first)


class _Counting:
    """Numbers rows from `first` on."""

    def __init__(self, first: int) -> None:
        self._first = first

    def __call__(self, position: int) -> int:
        return self._first + position
