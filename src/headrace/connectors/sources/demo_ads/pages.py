"""Pages of the network, followed to the end and never in a circle, and made into batches."""

import types
from collections.abc import Iterator, Mapping, Sequence
from decimal import Decimal
from functools import cache
from typing import Any

import msgspec
import pyarrow as pa
import pyarrow.compute as pc

from headrace.connectors.contract import ReadRequest
from headrace.connectors.rows import BATCH_ROWS, by_column, typed_batch
from headrace.connectors.sources.demo_ads.calls import NetworkCalls
from headrace.kit.columns import Column
from headrace.kit.days import DayRange
from headrace.kit.outcomes import TryLater
from headrace.kit.told import told

PAGE_ROWS = 500
_MOST_EMPTY_PAGES = 50


@cache
def row_type(fields: tuple[str, ...]) -> type[msgspec.Struct]:
    """Return the type of a row that holds these fields; others are left out, missing are null.

    Values are taken as they come: whether a number is one is judged by column, not by row.
    """
    return msgspec.defstruct("Row", [(name, Any, None) for name in fields], gc=False)


@cache
def page_decoder(fields: tuple[str, ...]) -> msgspec.json.Decoder[Any]:
    """Return a decoder of pages with rows of these fields."""
    rows = types.GenericAlias(list, (row_type(fields),))
    page = msgspec.defstruct("Page", [("data", rows), ("next_cursor", str | None, None)])
    return msgspec.json.Decoder(page, float_hook=Decimal)


def follow_pages(
    calls: NetworkCalls, path: str, query: Mapping[str, str], fields: tuple[str, ...]
) -> Iterator[list[Any]]:
    """Yield the rows of every page.

    Raises:
        TryLater: if the network sends back to a page that was read, or on through empty ones
            without end.
    """
    decoder = page_decoder(fields)
    cursor: str | None = None
    met: set[str] = set()
    empty_pages = 0
    while True:
        asked = {**query, "cursor": cursor} if cursor else query
        answer = calls.get(path, asked, decoder)
        yield answer.data
        cursor = answer.next_cursor
        if not cursor:
            return
        empty_pages = 0 if answer.data else empty_pages + 1
        if cursor in met or empty_pages > _MOST_EMPTY_PAGES:
            raise TryLater(
                told("Demo Ads repeats its pages; nothing of this read is kept.")
                if cursor in met
                else told("Demo Ads sends empty pages without end; nothing of this read is kept.")
            )
        met.add(cursor)


class BatchMaker:
    """Collects the rows of pages and makes typed batches of many."""

    def __init__(self, request: ReadRequest, columns: Sequence[Column]) -> None:
        self._request = request
        self._columns = columns
        self._rows: list[Any] = []
        self._next_row_number = 1

    def batches(self, pages: Iterator[list[Any]]) -> Iterator[pa.RecordBatch]:
        """Yield the rows of all pages; a last small batch holds what is left."""
        for rows in pages:
            self._rows += rows
            if len(self._rows) >= BATCH_ROWS:
                yield self._made()
        if self._rows:
            yield self._made()

    def _made(self) -> pa.RecordBatch:
        rows, self._rows = self._rows, []
        batch = typed_batch(
            self._columns,
            by_column(map(msgspec.structs.astuple, rows), len(self._columns)),
            first_row_number=self._next_row_number,
            bad_values=self._request.bad_values,
            journal=self._request.journal,
        )
        self._next_row_number += len(rows)
        return within(batch, "date", self._request.window)


def within(batch: pa.RecordBatch, date_field: str, window: DayRange | None) -> pa.RecordBatch:
    """Leave out rows of other days: the network is asked for a window, and not trusted to keep it."""
    if window is None or date_field not in batch.schema.names:
        return batch
    days = batch.column(date_field)
    inside = pc.and_(
        pc.greater_equal(days, pa.scalar(window.first)), pc.less_equal(days, pa.scalar(window.last))
    )
    return batch if pc.all(inside, skip_nulls=False).as_py() else batch.filter(inside)
