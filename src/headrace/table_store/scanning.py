"""Reading live rows as a bounded stream of Arrow batches."""

from collections.abc import Iterable, Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import UTC, datetime, time, timedelta
from functools import partial
from typing import Any

import pyarrow as pa
import pyarrow.dataset as pads

from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.days import DayRange
from headrace.table_store.errors import FileLost, LakeUnreachable
from headrace.table_store.lake import Lake
from headrace.table_store.segments import Segment
from headrace.table_store.widening import TableColumn, deliver

BATCH_ROWS = 65_536
_OPEN_FILES = 64
_OPENERS = 8
_READAHEAD_BATCHES = 2
_READAHEAD_FILES = 2
_MOMENT = ARROW_TYPES[ColumnType.DATETIME]


@dataclass(frozen=True)
class Part:
    """A segment to read, and the days of its file to keep; None keeps the whole file."""

    segment: Segment
    days: DayRange | None


def parts(segments: Iterable[Segment], days: DayRange | None) -> list[Part]:
    """Choose what to read of segments when only some days are asked for; None asks for all.

    Segments without days are read whole, for they know none to leave out.
    """
    result = []
    for segment in segments:
        if segment.path is None:
            continue
        kept, held = segment.shown_days, segment.file_days
        if days is not None and held is not None:
            kept = (kept or held).intersection(days)
            if kept is None or not kept.overlaps(held):
                continue
            if kept.first <= held.first and held.last <= kept.last:
                kept = None
        result.append(Part(segment, kept))
    return result


def scan(
    lake: Lake,
    segments: Iterable[Segment],
    columns: Sequence[TableColumn],
    *,
    date_field: str | None,
    days: DayRange | None = None,
    batch_rows: int = BATCH_ROWS,
) -> Iterator[Any]:
    """Yield the rows of segments as record batches of the columns, in no promised order.

    Columns come under their delivered names in their types: what a file lacks is null, what it has
    in a narrower type is widened. `date_field` is the field that holds each row's day; `days` keeps
    only rows of those days. Memory does not grow with the number of rows.

    Raises:
        FileLost: if a file is missing or damaged.
        LakeUnreachable: if the lake cannot be read now.
        ValueError: if days are to be told apart without a date field, or a file has a column of a
            type that the table's column cannot hold.
    """
    wanted = parts(segments, days)
    with ThreadPoolExecutor(_OPENERS, thread_name_prefix="lake-open") as pool:
        for start in range(0, len(wanted), _OPEN_FILES):
            opened = pool.map(partial(open_part, lake), wanted[start : start + _OPEN_FILES])
            for group in _alike(opened):
                for batch in _read(lake, group, columns, date_field, batch_rows):
                    if batch.num_rows:
                        yield deliver(batch, columns)


@dataclass(frozen=True)
class OpenPart:
    """A part with its file's footer read: the Arrow fragment and the schema it really has."""

    part: Part
    fragment: Any
    schema: Any


def open_part(lake: Lake, part: Part) -> OpenPart:
    """Read the footer of a part's file.

    Raises:
        FileLost, LakeUnreachable: as `scan`.
    """
    path = str(part.segment.path)
    with reading(lake, [path]):
        fragment = lake.format.make_fragment(
            path, filesystem=lake.filesystem, file_size=part.segment.bytes
        )
        fragment.ensure_complete_metadata()
        return OpenPart(part, fragment, fragment.physical_schema)


@contextmanager
def reading(lake: Lake, paths: Sequence[str]) -> Iterator[None]:
    """Tell missing or damaged files by `FileLost`, and other faults as the lake does."""
    try:
        with lake.errors(paths[0]):
            yield
    except LakeUnreachable as fault:
        # Object stores tell a missing object by an error like any other.
        if all(map(lake.exists, paths)):
            raise
        raise _lost(lake, paths, fault) from fault
    except (FileNotFoundError, pa.ArrowInvalid) as fault:
        raise _lost(lake, paths, fault) from fault


def _lost(lake: Lake, paths: Sequence[str], fault: Exception) -> FileLost:
    names = [path for path in paths if not lake.exists(path)] or paths
    which = names[0] if len(names) == 1 else f"{names[0]}, or one of {len(names) - 1} others"
    return FileLost(
        f"The file {which} of the lake is missing or damaged ({fault}); restore it from a "
        "backup, or read its days again."
    )


def date_filter(schema: Any, date_field: str | None, days: DayRange) -> Any:
    """Make the Arrow expression that keeps the rows of some days, by the file's own date type.

    Raises:
        ValueError: without a date field.
    """
    if date_field is None:
        raise ValueError(f"the days {days} cannot be told apart without a date field")
    field = pads.field(date_field)
    if pa.types.is_date(schema.field(date_field).type):
        return (field >= days.first) & (field <= days.last)
    begin = datetime.combine(days.first, time(), UTC)
    end = datetime.combine(days.last, time(), UTC) + timedelta(days=1)
    return (field >= pa.scalar(begin, _MOMENT)) & (field < pa.scalar(end, _MOMENT))


def _alike(opened: Iterable[OpenPart]) -> list[list[OpenPart]]:
    """Put parts together that can be scanned as one: the same schema and the same days kept."""
    groups: list[list[OpenPart]] = []
    for one in opened:
        for group in groups:
            if group[0].part.days == one.part.days and group[0].schema.equals(one.schema):
                group.append(one)
                break
        else:
            groups.append([one])
    return groups


def _read(
    lake: Lake,
    group: Sequence[OpenPart],
    columns: Sequence[TableColumn],
    date_field: str | None,
    batch_rows: int,
) -> Iterator[Any]:
    schema, days = group[0].schema, group[0].part.days
    dataset = pads.FileSystemDataset(
        [one.fragment for one in group], schema, lake.format, lake.filesystem
    )
    scanner = dataset.scanner(
        columns=[name for name in schema.names if name in {each.field for each in columns}],
        filter=None if days is None else date_filter(schema, date_field, days),
        batch_size=batch_rows,
        batch_readahead=_READAHEAD_BATCHES,
        fragment_readahead=_READAHEAD_FILES,
    )
    batches = scanner.to_batches()
    paths = [str(one.part.segment.path) for one in group]
    while True:
        with reading(lake, paths):
            batch = next(batches, None)
        if batch is None:
            return
        yield batch
