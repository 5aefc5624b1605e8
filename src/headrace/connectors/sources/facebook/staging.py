"""Holds the batches of a piece until the piece is whole, since a piece may have to be read again."""

import tempfile
from collections.abc import Iterator
from types import TracebackType

import pyarrow as pa

KEPT_IN_MEMORY_BYTES = 16 * 1024 * 1024


class StagedBatches:
    """Batches of one schema, in memory up to 16 MB and beyond that in an unnamed temporary file."""

    def __init__(self) -> None:
        self._file = tempfile.SpooledTemporaryFile(max_size=KEPT_IN_MEMORY_BYTES)  # noqa: SIM115
        self._writer: pa.RecordBatchStreamWriter | None = None

    def __enter__(self) -> "StagedBatches":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self._file.close()

    def add(self, batch: pa.RecordBatch) -> None:
        """Take one batch more."""
        if self._writer is None:
            self._writer = pa.ipc.new_stream(self._file, batch.schema)
        self._writer.write_batch(batch)

    def drain(self) -> Iterator[pa.RecordBatch]:
        """Yield all batches, in the order they came."""
        if self._writer is None:
            return
        self._writer.close()
        self._file.seek(0)
        with pa.ipc.open_stream(self._file) as reader:
            yield from reader
