"""Reading live rows as a bounded stream of Arrow batches."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator, Sequence
from concurrent.futures import Future, ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from functools import partial
from typing import Any, TypeVar

import pyarrow as pa
import pyarrow.compute as pc
import pyarrow.parquet as pq

from headrace.kit.days import DayRange, merged
from headrace.kit.told import told, told_by
from headrace.table_store.errors import FileLost, LakeUnreachable
from headrace.table_store.lake import Lake
from headrace.table_store.segments import Segment
from headrace.table_store.widening import TableColumn, deliver
from headrace.table_store.writing import ACCOUNT_ID_FIELD, day_of

BATCH_ROWS = 65_536
_FILES_AHEAD = 8
_CHUNKS_AHEAD = 2
_CHUNKS_AHEAD_REMOTE = 4

Item = TypeVar("Item")
Result = TypeVar("Result")


@dataclass(frozen=True)
class Part:
    """A segment to read, and the days of its file to keep; None keeps the whole file."""

    segment: Segment
    days: DayRange | None


def parts(segments: Iterable[Segment], days: DayRange | None) -> list[Part]:
    """Choose what to read of segments when only some days are asked for; None asks for all.

    Segments without days are read whole, for they know none to leave out.
    """
    result: list[Part] = []
    for segment in segments:
        if segment.path is None:
            continue
        kept, held = segment.shown_days, segment.file_days
        if days is not None and held is not None:
            kept = (kept or held).intersection(days)
            if kept is None or not kept.overlaps(held):
                continue
        if result and result[-1].segment.path == segment.path:
            joined = _joined(result[-1].days, kept)
            if joined is not None:
                segment, kept = result.pop().segment, joined
        if kept is not None and held is not None and kept.intersection(held) == held:
            kept = None
        result.append(Part(segment, kept))
    return result


def _joined(one: DayRange | None, other: DayRange | None) -> DayRange | None:
    """Join days that touch; None where they do not. Compacted files are shown by many segments."""
    if one is None or other is None:
        return None
    found = list(merged([one, other]))
    return found[0] if len(found) == 1 else None


def scan(
    lake: Lake,
    segments: Iterable[Segment],
    columns: Sequence[TableColumn],
    *,
    date_field: str | None,
    days: DayRange | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[Any]:
    """Yield the rows of segments as record batches of the columns, segment after segment.

    Columns come under their delivered names in their types: what a file lacks is null, what it has
    in a narrower type is widened. `date_field` is the field that holds each row's day; `days` keeps
    only rows of those days. Memory does not grow with the
    number of rows, however slowly they are taken.

    Raises:
        FileLost: if a file is missing or damaged.
        LakeUnreachable: if the lake cannot be read now.
        ValueError: if days are to be told apart without a date field, or a file has a column of a
            type that the table's column cannot hold.
    """
    ahead = _CHUNKS_AHEAD_REMOTE if lake.is_remote else _CHUNKS_AHEAD
    with (
        ThreadPoolExecutor(_FILES_AHEAD, "lake-open") as openers,
        ThreadPoolExecutor(ahead, "lake-read") as readers,
    ):
        opening = partial(open_part, lake, date_field=date_field)
        opened = _ahead(openers, opening, parts(segments, days), _FILES_AHEAD)
        chunks = (chunk for one in opened for chunk in one.chunks)
        reading_columns = partial(read_chunk, lake, columns=columns, date_field=date_field)
        for table in _ahead(readers, reading_columns, chunks, ahead):
            for batch in table.to_batches(max_chunksize=batch_rows):
                if batch.num_rows:
                    yield deliver(batch, columns)


def _ahead(
    pool: ThreadPoolExecutor,
    work: Callable[[Item], Result],
    items: Iterable[Item],
    ahead: int,
) -> Iterator[Result]:
    """Do the work on every item in order, beginning at most `ahead` items before they are taken.

    Arrow's own dataset scanner reads on without end while its consumer is slow.
    """
    waiting: deque[Future[Result]] = deque()
    try:
        for item in items:
            waiting.append(pool.submit(work, item))
            if len(waiting) > ahead:
                yield waiting.popleft().result()
        while waiting:
            yield waiting.popleft().result()
    finally:
        for future in waiting:
            future.cancel()


@dataclass(frozen=True)
class Chunk:
    """A row group of an open file, and the days of it to keep; None keeps all its rows."""

    path: str
    source: Any
    metadata: Any
    row_group: int
    rows: int
    days: DayRange | None


@dataclass(frozen=True)
class OpenPart:
    """A part whose file's footer was read: the row groups that may hold rows to keep."""

    part: Part
    chunks: tuple[Chunk, ...]


def open_part(lake: Lake, part: Part, *, date_field: str | None) -> OpenPart:
    """Read the footer of a part's file and choose its row groups by their days.

    Raises:
        FileLost, LakeUnreachable, ValueError: as `scan`.
    """
    if part.days is not None and date_field is None:
        raise ValueError(f"the days {part.days} cannot be told apart without a date field")
    path = str(part.segment.path)
    with _reading(lake, path):
        source = lake.filesystem.open_input_file(path)
        parquet = pq.ParquetFile(source)
    metadata, chunks = parquet.metadata, []
    for number in range(metadata.num_row_groups):
        group, kept = metadata.row_group(number), part.days
        if kept is not None:
            held = _days_held(group, parquet.schema_arrow.names.index(date_field))
            if held is not None and not held.overlaps(kept):
                continue
            if held is not None and kept.intersection(held) == held:
                kept = None
        chunks.append(Chunk(path, source, metadata, number, group.num_rows, kept))
    return OpenPart(part, tuple(chunks))


def read_chunk(
    lake: Lake, chunk: Chunk, *, columns: Sequence[TableColumn] | None, date_field: str | None
) -> Any:
    """Read the fields of the columns that the file has, in the rows to keep, as an Arrow table.

    `columns` None reads every field, system columns too.

    Raises:
        FileLost, LakeUnreachable: as `scan`.
    """
    wanted = None if columns is None else {column.field for column in columns}
    if wanted is not None and chunk.days is not None:
        wanted.add(str(date_field))
    with _reading(lake, chunk.path):
        # Readers of row groups of one file work at once, and a ParquetFile serves one at a time.
        parquet = pq.ParquetFile(chunk.source, metadata=chunk.metadata, pre_buffer=lake.is_remote)
        names = parquet.schema_arrow.names
        fields = [name for name in names if wanted is None or name in wanted]
        # Rows without any of the columns still count: the account's id is in every file.
        table = parquet.read_row_group(chunk.row_group, columns=fields or [ACCOUNT_ID_FIELD])
    if chunk.days is not None:
        table = table.filter(_within(table.column(date_field), chunk.days))
    return table


def count_chunk(lake: Lake, chunk: Chunk, *, date_field: str | None) -> int:
    """Count the rows to keep, by the file's statistics where these suffice.

    Raises:
        FileLost, LakeUnreachable: as `scan`.
    """
    if chunk.days is None:
        return chunk.rows
    rows: int = read_chunk(lake, chunk, columns=(), date_field=date_field).num_rows
    return rows


def _days_held(group: Any, column: int) -> DayRange | None:
    """Tell the days of a row group by its statistics; None where it has none."""
    statistics = group.column(column).statistics
    if statistics is None or not statistics.has_min_max:
        return None
    return DayRange(day_of(statistics.min), day_of(statistics.max))


def _within(values: Any, days: DayRange) -> Any:
    """Tell for each date or moment whether it is within the days."""
    if pa.types.is_date(values.type):
        begin, last = pa.scalar(days.first, values.type), pa.scalar(days.last, values.type)
        return pc.and_(pc.greater_equal(values, begin), pc.less_equal(values, last))
    return _within(values.cast(pa.timestamp("us")).cast(pa.date32(), safe=False), days)


@contextmanager
def _reading(lake: Lake, path: str) -> Iterator[None]:
    """Tell a missing or damaged file by `FileLost`, and other faults as the lake does."""
    try:
        with lake.errors(path):
            yield
    except LakeUnreachable as fault:
        # Object stores tell a missing object by an error like any other.
        if lake.exists(path):
            raise
        raise _lost(path, fault) from fault
    except (FileNotFoundError, pa.ArrowInvalid) as fault:
        raise _lost(path, fault) from fault


def _lost(path: str, fault: Exception) -> FileLost:
    return FileLost(
        told(
            "The file {path} of the lake is missing or damaged ({fault}); restore it from "
            "a backup, or read its days again.",
            path=path,
            fault=told_by(fault),
        )
    )
