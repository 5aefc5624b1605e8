"""Reads one window piece by piece: a piece that is too much is cut smaller and begun anew."""

from collections import deque
from collections.abc import Callable, Iterable, Iterator
from datetime import date
from operator import attrgetter
from typing import Any

import pyarrow as pa

from headrace.connectors.contract import ReadRequest
from headrace.connectors.rows import typed_batch
from headrace.connectors.sources.facebook.calls import Graph, NotAllowed, TooMuchData
from headrace.connectors.sources.facebook.ladder import (
    PAGE_SIZES,
    PIECE_DAYS,
    pieces,
    smaller_piece,
)
from headrace.connectors.sources.facebook.pages import page_decoder, read_pages
from headrace.connectors.sources.facebook.plan import DAY, InsightsPlan, chooses_async
from headrace.connectors.sources.facebook.report_runs import ReportRuns, RunNotes, end_of_ladder
from headrace.connectors.sources.facebook.staging import StagedBatches
from headrace.kit.days import DayRange
from headrace.kit.outcomes import TryLater
from headrace.kit.told import told

ROWS_A_BATCH = 2000


class WindowReader:
    """Reads the days of one request for one account."""

    def __init__(self, graph: Graph, request: ReadRequest, plan: InsightsPlan) -> None:
        self._graph = graph
        self._request = request
        self._plan = plan
        self._path = f"act_{request.account.remote_id}"
        self._decoder = page_decoder(plan.row)
        self._identity = attrgetter(DAY, plan.level.id_field, *plan.breakdowns)
        self._notes = RunNotes(request.journal, plan.digest())
        self._runs = ReportRuns(graph, request.journal, self._path, plan, self._notes)
        self._next_row_number = 1

    def read(self, window: DayRange) -> Iterator[pa.RecordBatch]:
        """Yield the rows of the window, oldest piece first.

        Raises:
            Refused: if even one day is too much, among others.
        """
        pending = deque(pieces(window, self._notes.piece_days or PIECE_DAYS[0]))
        while pending:
            piece = pending.popleft()
            with StagedBatches() as staged:
                row_number = self._next_row_number
                try:
                    self._stage(piece, staged)
                except TooMuchData as too_much:
                    self._next_row_number = row_number
                    pending = self._cut_smaller(DayRange(piece.first, window.last), piece, too_much)
                    continue
                yield from staged.drain()

    def _cut_smaller(
        self, remaining: DayRange, piece: DayRange, too_much: TooMuchData
    ) -> deque[DayRange]:
        piece_days = smaller_piece(piece.day_count)
        if piece_days is None:
            raise end_of_ladder(too_much.verdict) from None
        self._graph.count_retry(f"{piece} cut into pieces of {piece_days} days: {too_much}")
        self._notes.note_piece_days(piece_days)
        return deque(pieces(remaining, piece_days))

    def _stage(self, piece: DayRange, staged: StagedBatches) -> None:
        waiting: list[Any] = []
        for rows in without_repeats(self._pages(piece), self._identity):
            waiting += rows_within(rows, piece)
            if len(waiting) >= ROWS_A_BATCH:
                staged.add(self._batch(waiting))
                waiting = []
        if waiting:
            staged.add(self._batch(waiting))

    def _pages(self, piece: DayRange) -> Iterator[list[Any]]:
        plan = self._plan
        if not chooses_async(plan.level, piece.day_count, plan.breakdowns):
            parameters = plan.parameters_for(piece)
            path = f"{self._path}/insights"
            yield from read_pages(self._graph, path, parameters, self._decoder, PAGE_SIZES[0])
            return
        run_id = self._runs.completed(piece)
        try:
            yield from read_pages(
                self._graph, f"{run_id}/insights", {}, self._decoder, PAGE_SIZES[0]
            )
        except TooMuchData:
            self._notes.forget_run(piece)
            raise
        except NotAllowed as error:
            if not error.is_missing:
                raise
            self._notes.forget_run(piece)
            raise TryLater(
                told("Meta dropped the report before it was read; it is made again.")
            ) from None

    def _batch(self, rows: list[Any]) -> pa.RecordBatch:
        first_row_number = self._next_row_number
        self._next_row_number += len(rows)
        return typed_batch(
            [planned.column for planned in self._plan.columns],
            self._plan.values(rows),
            first_row_number=first_row_number,
            bad_values=self._request.bad_values,
            journal=self._request.journal,
        )


def rows_within(rows: Iterable[Any], days: DayRange) -> list[Any]:
    """Keep the rows of some days; a row whose day cannot be read stays, for its column to complain."""
    verdicts: dict[object, bool] = {}
    kept = []
    for row in rows:
        day = getattr(row, DAY)
        if day not in verdicts:
            verdicts[day] = _is_within(day, days)
        if verdicts[day]:
            kept.append(row)
    return kept


def _is_within(day: object, days: DayRange) -> bool:
    try:
        return days.first <= date.fromisoformat(str(day)) <= days.last
    except ValueError:
        return True


def without_repeats(
    pages: Iterable[list[Any]], identity: Callable[[Any], object]
) -> Iterator[list[Any]]:
    """Drop rows that the page before had already, equal in every value: pages may overlap.

    identity: what tells one row from another: its day, its object and its breakdowns.
    """
    before: dict[str, Any] = {}
    for rows in pages:
        here = {repr(identity(row)): row for row in rows}
        if before.keys() & here.keys():
            yield [row for row in rows if before.get(repr(identity(row))) != row]
        else:
            yield rows
        # An empty page between two others tells nothing.
        before = here or before
