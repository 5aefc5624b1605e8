"""Writing one file: rows of an account in bounded memory, sorted by day, durable at the end."""

import itertools
from collections.abc import Callable, Iterator
from contextlib import AbstractContextManager
from dataclasses import dataclass
from datetime import UTC, date, datetime
from types import TracebackType
from typing import Any

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace.kit.columns import ARROW_TYPES, Column, ColumnType, columns_of
from headrace.kit.days import DayRange
from headrace.kit.told import told
from headrace.table_store.errors import FileSwept
from headrace.table_store.sinks import Sink

ACCOUNT_ID_FIELD = "__account_id"
ACCOUNT_NAME_FIELD = "__account_name"
INSERT_DATE_FIELD = "__insert_date"
SYSTEM_COLUMNS = (
    Column(ACCOUNT_ID_FIELD, ColumnType.STRING),
    Column(ACCOUNT_NAME_FIELD, ColumnType.STRING),
    Column(INSERT_DATE_FIELD, ColumnType.DATETIME),
)
"""Columns every file has beside the vendor's fields, constant within a file."""

DATE_FIELD_KEY = b"headrace.date_field"
"""Where a file says which column holds each row's day; a file without days has no such entry."""

BUFFER_BYTES = 64 * 1024 * 1024
GROUP_ROWS = 131_072
GROUP_DAYS = 10
SMALL_FILE_BYTES = 1024 * 1024
"""Below this zstd takes longer to set up than it saves: a daily window is written in half the time."""
SMALL_GROUP_ROWS = 8_192
"""Days are not set apart in row groups smaller than this: their overhead outweighs the skipping."""


@dataclass(frozen=True)
class StagedFile:
    """A durable file that no segment names yet.

    columns: the vendor's fields in it, system columns left out. first_date, last_date: the days
    its rows hold, None without a date field.
    """

    path: str
    workspace_id: int
    table_id: int
    account_id: str
    rows: int
    bytes: int
    columns: list[Column]
    inserted_at: datetime
    first_date: date | None
    last_date: date | None


class FileWriter:
    """Takes batches of one schema and leaves one file, or none.

    Use as a context manager and call `finish` inside; leaving the block without it removes what was
    written. Columns keep the names given, and are those of `kit.columns`. About 64 MB of rows are
    held; they are sorted by day and written as row groups of about ten days.

    account_name: None where the rows are moved from other files and bring their system columns.
    """

    def __init__(
        self,
        *,
        open_sink: Callable[[str], Sink],
        errors: Callable[[str], AbstractContextManager[None]],
        path: str,
        workspace_id: int,
        table_id: int,
        account_id: str,
        account_name: str | None,
        inserted_at: datetime,
        date_field: str | None,
        buffer_bytes: int,
    ) -> None:
        if inserted_at.tzinfo is None:
            raise ValueError(f"the insert date must be aware, and {inserted_at} is not")
        self._open_sink = open_sink
        self._errors = errors
        self._path = path
        self._workspace_id = workspace_id
        self._table_id = table_id
        self._account_id = account_id
        self._inserted_at = inserted_at.astimezone(UTC)
        self._constants = (
            () if account_name is None else (account_id, account_name, self._inserted_at)
        )
        self._date_field = date_field
        self._buffer_bytes = buffer_bytes
        self._schema: Any = None
        self._waiting: list[Any] = []
        self._waiting_bytes = 0
        self._rows = 0
        self._dates: DayRange | None = None
        self._sink: Sink | None = None
        self._parquet: Any = None
        self._ended = False

    def __enter__(self) -> "FileWriter":
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        fault: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        if not self._ended:
            self._abort()

    def write(self, batch: Any) -> None:
        """Take a record batch.

        Raises:
            ValueError: if its schema is not that of the first batch, a column has a reserved name
                or a type that is none of `kit.columns`, or the date field is missing or null.
            LakeFull, LakeUnreachable: if what was waiting could not be written.
        """
        if self._ended:
            raise ValueError("the file is finished; begin another one")
        if self._schema is None:
            _check_columns(self._own_fields(batch.schema), self._date_field)
            self._schema = batch.schema
        elif not batch.schema.equals(self._schema):
            raise ValueError(
                f"a batch has the columns {batch.schema.names} with other names, order or types "
                f"than the first batch, {self._schema.names}"
            )
        if batch.num_rows == 0:
            return
        if self._date_field is not None:
            self._note_dates(batch.column(self._date_field))
        self._rows += batch.num_rows
        self._waiting.append(batch)
        self._waiting_bytes += batch.nbytes
        if self._waiting_bytes >= self._buffer_bytes:
            self._flush()

    def finish(self) -> StagedFile | None:
        """Make the file durable and describe it; None, and no file, when there were no rows.

        Raises:
            LakeFull, LakeUnreachable: if it could not be written; nothing is left of it then.
        """
        if self._rows == 0:
            self._ended = True
            return None
        self._flush()
        try:
            with self._errors(self._path):
                assert self._sink is not None
                self._parquet.close()
                size = self._sink.commit()
        except FileNotFoundError as fault:
            raise FileSwept(
                told(
                    "The unfinished file {path} was removed meanwhile; read its days again.",
                    path=self._path,
                )
            ) from fault
        except BaseException:
            self._abort()
            raise
        self._ended = True
        return StagedFile(
            path=self._path,
            workspace_id=self._workspace_id,
            table_id=self._table_id,
            account_id=self._account_id,
            rows=self._rows,
            bytes=size,
            columns=columns_of(self._own_fields(self._schema)),
            inserted_at=self._inserted_at,
            first_date=self._dates.first if self._dates else None,
            last_date=self._dates.last if self._dates else None,
        )

    def _own_fields(self, schema: Any) -> Any:
        """The vendor's fields among those that the batches have."""
        if self._constants:
            return schema
        names = {column.name for column in SYSTEM_COLUMNS}
        return pa.schema([field for field in schema if field.name not in names])

    def _note_dates(self, values: Any) -> None:
        if values.null_count:
            raise ValueError(
                f"{values.null_count} rows have no {self._date_field!r}, which says what day "
                "they belong to"
            )
        ends = pc.min_max(values)
        days = DayRange(day_of(ends["min"].as_py()), day_of(ends["max"].as_py()))
        if self._dates is not None:
            days = DayRange(min(days.first, self._dates.first), max(days.last, self._dates.last))
        self._dates = days

    def _flush(self) -> None:
        if not self._waiting:
            return
        table = pa.Table.from_batches(self._waiting).combine_chunks()
        self._waiting, self._waiting_bytes = [], 0
        try:
            with self._errors(self._path):
                self._write_groups(_sorted_by_day(table, self._date_field))
        except BaseException:
            self._abort()
            raise

    def _write_groups(self, table: Any) -> None:
        if self._parquet is None:
            self._sink = self._open_sink(self._path)
            self._parquet = _parquet_writer(
                self._sink.stream,
                self._own_fields(self._schema),
                self._date_field,
                table.nbytes,
            )
        for start, stop in _groups(table, self._date_field):
            group = table.slice(start, stop - start)
            for column, value in zip(SYSTEM_COLUMNS, self._constants, strict=bool(self._constants)):
                group = group.append_column(
                    pa.field(column.name, column.arrow_type),
                    _constant(value, column.arrow_type, group.num_rows),
                )
            self._parquet.write_table(group, row_group_size=GROUP_ROWS)

    def _abort(self) -> None:
        self._ended = True
        self._waiting = []
        if self._parquet is not None:
            self._parquet.is_open = False  # else its destructor writes to the closed stream
        if self._sink is not None:
            self._sink.abort()


def _check_columns(schema: Any, date_field: str | None) -> None:
    reserved = {column.name for column in SYSTEM_COLUMNS} & set(schema.names)
    if reserved:
        raise ValueError(f"the column names {sorted(reserved)} are reserved")
    if len(set(schema.names)) < len(schema.names):
        raise ValueError(f"a column name appears twice among {schema.names}")
    foreign = [field for field in schema if field.type not in ARROW_TYPES.values()]
    if foreign:
        raise ValueError(
            f"column {foreign[0].name!r} has the Arrow type {foreign[0].type}, which is none of "
            "those of kit.columns; cast it first"
        )
    if date_field is not None and (
        date_field not in schema.names
        or schema.field(date_field).type
        not in (ARROW_TYPES[ColumnType.DATE], ARROW_TYPES[ColumnType.DATETIME])
    ):
        raise ValueError(f"the date field {date_field!r} is no date column of {schema.names}")


def day_of(value: date) -> date:
    """Return the day of a date or of a moment in UTC."""
    return value.date() if isinstance(value, datetime) else value


def _sorted_by_day(table: Any, date_field: str | None) -> Any:
    if date_field is None:
        return table
    days = _day_numbers(table, date_field)
    if not pc.any(pc.less(days[1:], days[:-1])).as_py():
        return table
    return table.take(pc.array_sort_indices(days))


def _day_numbers(table: Any, date_field: str) -> Any:
    values = table.column(date_field).combine_chunks()
    return values.cast(pa.date32(), safe=False).view(pa.int32())


def _groups(table: Any, date_field: str | None) -> Iterator[tuple[int, int]]:
    """Cut a table sorted by day into row groups: yields (first row, row after the last)."""
    edges = [0, table.num_rows]
    if date_field is not None:
        edges = _day_edges(_day_numbers(table, date_field))
    for start, stop in itertools.pairwise(edges):
        for first in range(start, stop, GROUP_ROWS):
            yield first, min(first + GROUP_ROWS, stop)


def _day_edges(days: Any) -> list[int]:
    """Find where a group ends: after about ten days, once it holds enough rows."""
    runs = pc.run_end_encode(days)
    edges = [0]
    first_day = runs.values[0].as_py()
    ends = runs.run_ends.to_pylist()
    for day, start in zip(runs.values.to_pylist(), [0, *ends[:-1]], strict=True):
        if day - first_day >= GROUP_DAYS and start - edges[-1] >= SMALL_GROUP_ROWS:
            edges.append(start)
            first_day = day
    return [*edges, ends[-1]]


def _constant(value: Any, arrow_type: Any, length: int) -> Any:
    return pa.repeat(pa.scalar(value, arrow_type), length)


def _parquet_writer(stream: Any, schema: Any, date_field: str | None, first_bytes: int) -> Any:
    for column in SYSTEM_COLUMNS:
        schema = schema.append(pa.field(column.name, column.arrow_type))
    if date_field is not None:
        schema = schema.with_metadata({DATE_FIELD_KEY: date_field})
    text = [field.name for field in schema if field.type == pa.string()]
    small = first_bytes < SMALL_FILE_BYTES
    return pq.ParquetWriter(
        stream,
        schema,
        compression="lz4" if small else "zstd",
        compression_level=None if small else 1,
        use_dictionary=[*text, INSERT_DATE_FIELD],
        write_statistics=[date_field] if date_field else False,
    )
