"""Counting live rows and reading a page of them, touching as little of the files as can be."""

from collections.abc import Iterator, Sequence
from typing import Any

import pyarrow as pa

from headrace.kit.days import DayRange
from headrace.table_store.lake import Lake
from headrace.table_store.scanning import OpenPart, date_filter, open_part, parts, reading
from headrace.table_store.segments import Segment
from headrace.table_store.widening import TableColumn, deliver, delivered_schema

_PAGE_BATCH_ROWS = 4_096


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
    whole, clipped = 0, 0
    for part in parts(segments, days):
        if part.days is None:
            whole += part.segment.rows
        else:
            clipped += _count_open(lake, open_part(lake, part), date_field)
    return whole + clipped


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
    for part in parts(segments, days):
        if limit <= 0:
            break
        if part.days is None and offset >= part.segment.rows:
            offset -= part.segment.rows
            continue
        opened = open_part(lake, part)
        if part.days is not None:
            inside = _count_open(lake, opened, date_field)
            if offset >= inside:
                offset -= inside
                continue
        page = [
            deliver(each, columns)
            for each in _page(lake, opened, columns, date_field, limit, offset)
        ]
        found += page
        limit -= sum(batch.num_rows for batch in page)
        offset = 0
    return pa.Table.from_batches(found, schema=delivered_schema(columns))


def _filter(opened: OpenPart, date_field: str | None) -> Any:
    if opened.part.days is None:
        return None
    return date_filter(opened.schema, date_field, opened.part.days)


def _count_open(lake: Lake, opened: OpenPart, date_field: str | None) -> int:
    with reading(lake, [str(opened.part.segment.path)]):
        rows: int = opened.fragment.count_rows(filter=_filter(opened, date_field))
        return rows


def _page(
    lake: Lake,
    opened: OpenPart,
    columns: Sequence[TableColumn],
    date_field: str | None,
    limit: int,
    offset: int,
) -> Iterator[Any]:
    """Yield the file's batches that make up rows [offset, offset + limit) of those kept."""
    kept = _filter(opened, date_field)
    fragment = opened.fragment
    if kept is None:
        fragment, offset = _from_row_group(fragment, offset)
    fields = {column.field for column in columns}
    scanner = fragment.scanner(
        schema=opened.schema,
        columns=[name for name in opened.schema.names if name in fields],
        filter=kept,
        batch_size=_PAGE_BATCH_ROWS,
        batch_readahead=0,
        fragment_readahead=0,
    )
    with reading(lake, [str(opened.part.segment.path)]):
        for batch in scanner.to_batches():
            if offset >= batch.num_rows:
                offset -= batch.num_rows
                continue
            taken = batch.slice(offset, limit)
            offset = 0
            limit -= taken.num_rows
            yield taken
            if limit <= 0:
                return


def _from_row_group(fragment: Any, offset: int) -> tuple[Any, int]:
    """Leave out the row groups that lie wholly before the offset."""
    groups = fragment.row_groups
    first = 0
    while first < len(groups) - 1 and offset >= groups[first].num_rows:
        offset -= groups[first].num_rows
        first += 1
    return fragment.subset(row_group_ids=[group.id for group in groups[first:]]), offset
