"""Compaction moves live rows into fewer files, and nobody who reads or loads can tell."""

import itertools
from dataclasses import replace
from datetime import timedelta
from decimal import Decimal

import pyarrow as pa
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.kit import clock
from headrace.table_store import (
    Compacted,
    SegmentState,
    Slice,
    changed_windows,
    compact,
    count_rows,
    coverage,
    live_segments,
    sample,
    sweep,
)
from headrace.table_store.compaction import turn_at
from headrace.table_store.segments import move_segments
from table_store.tables import COLUMNS, SmallTable, batch_of, counted, day, days, rows_of

GRACE = timedelta(hours=1)
TABLE_IDS = itertools.count(100)


def _slices(table: SmallTable) -> list[Slice]:
    return sorted((each.as_slice for each in table.live()), key=str)


def _paths(table: SmallTable) -> set[str]:
    return {each.path for each in table.live() if each.path}


def _daily(table: SmallTable, count: int, state: SegmentState = SegmentState.FINAL) -> None:
    """Read three days each day, as extracts do: every file but the last shows one day of three."""
    for number in range(count):
        table.replace("a", days(number, number + 2), rows_of(range(number, number + 3)), state)


def test_files_become_one_and_nothing_else_changes(table: SmallTable) -> None:
    _daily(table, 10)
    before, dates = _slices(table), [each.inserted_at for each in table.live()]
    with table.sessions() as session:
        covered = coverage(session, table.table_id)

    assert compact(table.sessions, table.lake) == Compacted(1, 1, 10)

    assert len(_paths(table)) == 1
    assert table.read() == counted("a", rows_of(range(12)))
    assert _slices(table) == before
    assert [each.inserted_at for each in table.live()] == dates
    with table.sessions() as session:
        assert coverage(session, table.table_id) == covered
    assert compact(table.sessions, table.lake) == Compacted(0, 0, 0)


def test_pages_and_counts_of_a_compacted_table(table: SmallTable) -> None:
    _daily(table, 10)
    compact(table.sessions, table.lake)
    live = table.live()
    assert count_rows(table.lake, live, date_field="date_start") == 12
    some = days(2, 4)
    assert count_rows(table.lake, live, date_field="date_start", days=some) == 3
    page = sample(table.lake, live, COLUMNS, date_field="date_start", limit=5, offset=4)
    assert page["date"].to_pylist() == [day(number) for number in range(4, 9)]
    assert table.read(live, some) == counted("a", rows_of(range(2, 5)))


def test_old_files_die_after_the_grace(table: SmallTable) -> None:
    _daily(table, 10)
    old = _paths(table)
    compact(table.sessions, table.lake)
    sweep(table.sessions, table.lake, GRACE)
    assert all(table.lake.exists(path) for path in old), "a reader may still be at them"
    with clock.shifted(GRACE * 2):
        sweep(table.sessions, table.lake, GRACE)
    assert not any(table.lake.exists(path) for path in old)
    assert table.read() == counted("a", rows_of(range(12)))


def test_windows_of_a_compacted_file_can_be_replaced(table: SmallTable) -> None:
    _daily(table, 10)
    compact(table.sessions, table.lake)
    before = _slices(table)
    table.replace("a", days(4, 5), rows_of([4, 5], "new"))
    expected = rows_of([0, 1, 2, 3, 6, 7, 8, 9, 10, 11]) + rows_of([4, 5], "new")
    assert table.read() == counted("a", expected)
    assert changed_windows(before, _slices(table)) == {"a": [days(4, 5)]}


def test_days_that_are_not_final_stay(table: SmallTable) -> None:
    _daily(table, 10, SegmentState.PROVISIONAL)
    assert compact(table.sessions, table.lake) == Compacted(0, 0, 0)


def test_files_of_other_columns_stay_apart(table: SmallTable) -> None:
    _daily(table, 10)
    for number in range(20, 29):
        batch = batch_of(rows_of([number]))
        staged = table.stage("a", [batch.append_column("clicks", pa.array([1]))])
        with table.sessions() as session, session.begin():
            table.replace_in(session, "a", days(number, number), staged)
    assert compact(table.sessions, table.lake) == Compacted(1, 2, 19)
    assert len(_paths(table)) == 2
    assert table.read() == counted("a", [*rows_of(range(12)), *rows_of(range(20, 29))])


def test_what_was_replaced_meanwhile_is_not_moved(table: SmallTable) -> None:
    _daily(table, 10)
    with table.sessions() as session:
        seen = live_segments(session, table.table_id)
    staged = table.stage("a", [batch_of(rows_of(range(12)))])
    assert staged is not None
    table.replace("a", days(3, 3), rows_of([3], "newer"))
    live = _slices(table)
    with table.sessions() as session, session.begin():
        assert not move_segments(
            session,
            table_id=table.table_id,
            workspace_id=table.workspace_id,
            segments=seen,
            staged=staged,
        )
    assert _slices(table) == live


def test_two_workers_take_different_accounts_and_writers_do_not_wait(table: SmallTable) -> None:
    _daily(table, 10)
    with turn_at(table.sessions, table.table_id, "a") as is_ours:
        assert is_ours
        assert compact(table.sessions, table.lake) == Compacted(0, 0, 0)  # the other is at it
        table.replace("a", days(3, 3), rows_of([3], "newer"))  # would wait for ever
        assert table.read()[("a", day(3), "newer", Decimal("1.5"))] == 1
    assert compact(table.sessions, table.lake).accounts == 1


@settings(
    max_examples=25, deadline=None, suppress_health_check=[HealthCheck.function_scoped_fixture]
)
@given(
    steps=st.lists(
        st.tuples(st.integers(0, 9), st.integers(0, 3), st.booleans()), min_size=1, max_size=14
    )
)
def test_any_sequence_reads_as_if_nothing_was_moved(
    table: SmallTable, steps: list[tuple[int, int, bool]]
) -> None:
    fresh = replace(table, table_id=next(TABLE_IDS))
    model: dict[int, str] = {}
    for turn, (first, length, has_rows) in enumerate(steps):
        numbers = range(first, first + length + 1)
        rows = rows_of(numbers, f"turn {turn}") if has_rows else []
        fresh.replace("a", days(first, first + length), rows)
        for number in numbers:
            model.pop(number, None)
        model |= dict.fromkeys(numbers, f"turn {turn}") if has_rows else {}
        before = _slices(fresh)
        compact(fresh.sessions, fresh.lake, worthwhile_files=2)
        assert changed_windows(before, _slices(fresh)) == {}
    expected = [row for number, text in model.items() for row in rows_of([number], text)]
    assert fresh.read() == counted("a", expected)
