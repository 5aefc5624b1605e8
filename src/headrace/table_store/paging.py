"""Counting live rows and reading a page of them, touching as little of the files as can be."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from headrace.kit.days import DayRange
from headrace.table_store.lake import Lake
from headrace.table_store.scanning import Chunk, count_chunk, open_part, parts, read_chunk
from headrace.table_store.segments import Segment
from headrace.table_store.widening import TableColumn, deliver, delivered_schema


def count_rows(
    lake: Lake,
    segments: Sequence[Segment],
    *,
    date_field: str | None,
    days: DayRange | None = None,
) -> int:
    """Count the rows of segments exactly; only files of which a part is live are opened.

    Raises:
        FileLost, LakeUnreachable, ValueError: as `scan`.
    """
    total = 0
    for part in parts(segments, days):
        if part.days is None:
            total += part.segment.rows
        else:
            chunks = open_part(lake, part, date_field=date_field).chunks
            total += sum(count_chunk(lake, chunk, date_field=date_field) for chunk in chunks)
    return total


def sample(
    lake: Lake,
    segments: Sequence[Segment],
    columns: Sequence[TableColumn],
    *,
    date_field: str | None,
    limit: int,
    offset: int = 0,
    days: DayRange | None = None,
) -> Any:
    """Return a page of rows as an Arrow table, in the order of the segments given.

    The same segments give the same pages. Files before the page are not opened where they are
    wholly live, and only row groups that can hold rows of the page are read.

    Raises:
        FileLost, LakeUnreachable, ValueError: as `scan`.
    """
    found: list[Any] = []
    for chunk, skipped in _from_row(lake, segments, date_field, days, offset):
        table = read_chunk(lake, chunk, columns=columns, date_field=date_field)
        page = table.slice(skipped, limit)
        found += [deliver(batch, columns) for batch in page.to_batches()]
        limit -= page.num_rows
        if limit <= 0:
            break
    return pa.Table.from_batches(found, schema=delivered_schema(columns))


def _from_row(
    lake: Lake,
    segments: Sequence[Segment],
    date_field: str | None,
    days: DayRange | None,
    offset: int,
) -> Iterator[tuple[Chunk, int]]:
    """Yield the row groups from the row numbered `offset` on, with how many rows to skip in each."""
    for part in parts(segments, days):
        if part.days is None and offset >= part.segment.rows:
            offset -= part.segment.rows
            continue
        for chunk in open_part(lake, part, date_field=date_field).chunks:
            rows = count_chunk(lake, chunk, date_field=date_field) if offset else 0
            if offset and offset >= rows:
                offset -= rows
                continue
            yield chunk, offset
            offset = 0
