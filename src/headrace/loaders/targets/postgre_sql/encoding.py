"""Arrow batches as COPY takes them: binary by pgpq, or CSV by Arrow where pgpq cannot be had.

pgpq has no wheel for Linux on arm64, and building it needs a Rust compiler. CSV carries the same
values to the last digit, more slowly.
"""

import io
from importlib.util import find_spec
from typing import Protocol

import pyarrow as pa
from pyarrow import csv

HAS_PGPQ = find_spec("pgpq") is not None


class Encoder(Protocol):
    """Turns batches of one schema into the stream of one COPY."""

    copy_format: str

    def begin(self) -> bytes:
        """Return what comes before the first batch."""

    def batch(self, rows: pa.RecordBatch) -> bytes:
        """Return a batch's part of the stream."""

    def end(self) -> bytes:
        """Return what comes after the last batch."""


class BinaryEncoder:
    """COPY's binary format."""

    copy_format = "FORMAT binary"

    def __init__(self, schema: pa.Schema) -> None:
        import pgpq  # here, because it is not there everywhere

        self._encoder = pgpq.ArrowToPostgresBinaryEncoder(schema)

    def begin(self) -> bytes:
        """Return the header."""
        return self._encoder.write_header()

    def batch(self, rows: pa.RecordBatch) -> bytes:
        """Return the rows in binary."""
        return self._encoder.write_batch(rows)

    def end(self) -> bytes:
        """Return the trailer."""
        return self._encoder.finish()


class CsvEncoder:
    """COPY's CSV: every text is quoted, so that null (nothing) and the empty text differ."""

    copy_format = "FORMAT csv"
    _OPTIONS = csv.WriteOptions(include_header=False, quoting_style="needed")

    def __init__(self, schema: pa.Schema) -> None:
        self._schema = schema

    def begin(self) -> bytes:
        """Return nothing: there is no header."""
        return b""

    def batch(self, rows: pa.RecordBatch) -> bytes:
        """Return the rows as lines."""
        lines = io.BytesIO()
        csv.write_csv(rows, lines, self._OPTIONS)
        return lines.getvalue()

    def end(self) -> bytes:
        """Return nothing: the stream ends with the last line."""
        return b""


def encoder_for(schema: pa.Schema) -> Encoder:
    """Return the fastest encoder this machine has."""
    return BinaryEncoder(schema) if HAS_PGPQ else CsvEncoder(schema)
