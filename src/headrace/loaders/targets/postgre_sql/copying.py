"""Sends Arrow batches into a table by COPY, encoding one batch while another travels."""

import threading
from collections.abc import Iterable, Iterator
from queue import Queue

import pyarrow as pa
import pyarrow.compute as pc
from psycopg import Cursor, sql
from psycopg.abc import Buffer
from psycopg.copy import LibpqWriter, Writer

from headrace.kit.outcomes import TryLater
from headrace.kit.told import told
from headrace.loaders.targets.postgre_sql.connection import Connection
from headrace.loaders.targets.postgre_sql.encoding import encoder_for
from headrace.loaders.targets.postgre_sql.names import column_list

_CHUNK_BYTES = 2 * 1024 * 1024
_CHUNK_ROWS = 16_384  # the encoder holds the interpreter: other threads wait about 7 ms a chunk
_CHUNKS_IN_FLIGHT = 4


class _BackgroundWriter(Writer):
    """Hands chunks to a thread that sends them; at most a few wait, so memory stays bounded."""

    def __init__(self, cursor: Cursor[tuple[object, ...]]) -> None:
        self._inner = LibpqWriter(cursor)
        self._chunks: Queue[Buffer | None] = Queue(_CHUNKS_IN_FLIGHT)
        self._failure: BaseException | None = None
        self._thread = threading.Thread(target=self._send, name="postgre_sql-copy", daemon=True)
        self._thread.start()

    def _send(self) -> None:
        while (chunk := self._chunks.get()) is not None:
            if self._failure is None:  # afterwards the queue is emptied, so that nobody waits
                try:
                    self._inner.write(chunk)
                except BaseException as error:  # noqa: BLE001 - raised again by the caller's thread
                    self._failure = error

    def write(self, data: Buffer) -> None:
        """Queue one chunk, waiting for room."""
        if self._failure is not None:
            raise self._failure
        self._chunks.put(data)

    def finish(self, exc: BaseException | None = None) -> None:
        """Wait until all is sent, then end the COPY, or cancel it if `exc` is given."""
        self._chunks.put(None)
        self._thread.join()
        if self._failure is not None:
            raise self._failure
        # The reason is not told to the server: it may hold what its log should not.
        self._inner.finish(RuntimeError("the load was stopped") if exc else None)


def copy_rows(
    connection: Connection,
    into: sql.Identifier,
    schema: pa.Schema,
    batches: Iterable[pa.RecordBatch],
    *,
    frozen: bool = False,
) -> int:
    """Copy batches of one schema into a table whose columns have their exact types.

    frozen: rows are stored as visible to everyone at once; only for a table made in this
        transaction, and then sessions with an older snapshot see its rows rather than none.

    Returns the number of rows.
    """
    encoder = encoder_for(schema)
    options = encoder.copy_format + (", FREEZE" if frozen else "")
    statement = sql.SQL("COPY {} ({}) FROM STDIN ({})").format(
        into, column_list(schema.names), sql.SQL(options)
    )
    rows = 0
    with connection.cursor() as cursor:
        with cursor.copy(statement, writer=_BackgroundWriter(cursor)) as copy:
            copy.write(encoder.begin())
            for batch in batches:
                for chunk in chunks_of(storable(batch)):
                    copy.write(encoder.batch(chunk))
                rows += batch.num_rows
            copy.write(encoder.end())
        taken = cursor.rowcount
    if taken != rows:
        raise TryLater(
            told(
                "PostgreSQL took {taken} rows of {rows}; nothing was kept.", taken=taken, rows=rows
            )
        )
    return rows


def chunks_of(batch: pa.RecordBatch) -> Iterator[pa.RecordBatch]:
    """Cut a batch into pieces of bounded size, whatever the size of its rows."""
    if batch.num_rows == 0:
        return
    fitting = batch.num_rows * _CHUNK_BYTES // max(batch.nbytes, 1)
    length = min(max(fitting, 1), _CHUNK_ROWS)
    for offset in range(0, batch.num_rows, length):
        yield batch.slice(offset, length)


def storable(batch: pa.RecordBatch) -> pa.RecordBatch:
    """Replace NUL characters, which PostgreSQL cannot store in text, by U+FFFD."""
    for index, column in enumerate(batch.columns):
        if pa.types.is_string(column.type) and _holds_nul(column):
            clean = pc.replace_substring(column, "\0", "\ufffd")
            batch = batch.set_column(index, batch.schema.field(index), clean)
    return batch


def _holds_nul(column: pa.StringArray) -> bool:
    """Search the text of a whole column at once, twenty times faster than value by value."""
    _, offsets, text = column.buffers()
    if text is None or not len(column):
        return False
    at = memoryview(offsets).cast("i")
    first, last = at[column.offset], at[column.offset + len(column)]
    return b"\0" in text.slice(first, last - first).to_pybytes()
