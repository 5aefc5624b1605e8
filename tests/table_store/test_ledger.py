"""Marks: days that a run was to read and has not, laid over what was read."""

import pytest
from hypothesis import HealthCheck, given, settings
from hypothesis import strategies as st

from headrace.db.engine import transaction
from headrace.kit.days import DayRange
from headrace.table_store import (
    Known,
    Mark,
    MarkKind,
    SegmentState,
    drop_segments,
    forget_workspace,
    known_days,
    mark_days,
)
from headrace.table_store.ledger import overlaid
from table_store.tables import SmallTable, days, rows_of

FINAL, PROVISIONAL, EMPTY = SegmentState.FINAL, SegmentState.PROVISIONAL, SegmentState.EMPTY
FAILED, DOUBTED = MarkKind.FAILED, MarkKind.DOUBTED


def fail(table: SmallTable, *spans: DayRange | None, run: int = 5, account: str = "a") -> None:
    """Mark days as failed."""
    with transaction(table.sessions) as session:
        mark_days(
            session,
            table_id=table.table_id,
            workspace_id=table.workspace_id,
            account_id=account,
            days=list(spans),
            kind=FAILED,
            run_id=run,
        )


def known(table: SmallTable, account: str = "a") -> list[tuple[DayRange | None, str, int | None]]:
    """What is known of an account, with the run of a mark."""
    with transaction(table.sessions) as session:
        found = known_days(session, table.table_id).get(account, [])
    return [(each.days, each.state, each.mark.run_id if each.mark else None) for each in found]


def test_days_that_failed_show_until_they_are_read(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    fail(table, days(8, 12), days(13, 20))
    assert known(table) == [
        (days(0, 7), "final", None),
        (days(8, 9), "failed", 5),
        (days(10, 20), "failed", 5),
    ]
    table.replace("a", days(10, 14), rows_of([10]))
    assert known(table) == [
        (days(0, 7), "final", None),
        (days(8, 9), "failed", 5),
        (days(10, 14), "final", None),
        (days(15, 20), "failed", 5),
    ]
    table.replace("a", days(5, 30), [])
    assert known(table) == [(days(0, 4), "final", None), (days(5, 30), "empty", None)]


def test_a_later_failure_takes_the_place_of_an_earlier_one(table: SmallTable) -> None:
    fail(table, days(0, 9), run=5)
    fail(table, days(4, 5), run=6)
    assert known(table) == [
        (days(0, 3), "failed", 5),
        (days(4, 5), "failed", 6),
        (days(6, 9), "failed", 5),
    ]


def test_marks_of_other_accounts_and_tables_stay(table: SmallTable) -> None:
    fail(table, days(0, 9))
    fail(table, days(0, 9), account="b")
    table.replace("a", days(0, 9), rows_of([1]))
    assert known(table, "b") == [(days(0, 9), "failed", 5)]
    with transaction(table.sessions) as session:
        assert known_days(session, table.table_id, ["a"]).keys() == {"a"}
        assert known_days(session, table.table_id + 1) == {}


def test_an_account_without_days_fails_as_a_whole(table: SmallTable) -> None:
    fail(table, None)
    assert known(table) == [(None, "failed", 5)]
    with transaction(table.sessions) as session:
        drop_segments(session, table.table_id, "a")
    assert known(table) == []


def test_marks_are_forgotten_with_the_workspace(table: SmallTable) -> None:
    fail(table, days(0, 9))
    with transaction(table.sessions) as session:
        forget_workspace(session, table.workspace_id)
    assert known(table) == []


@pytest.mark.parametrize(
    ("read", "marks", "expected"),
    [
        pytest.param([], [], [], id="nothing"),
        pytest.param(
            [(days(0, 4), FINAL)],
            [Mark(days(2, 2), DOUBTED, 7)],
            [
                Known(days(0, 1), FINAL),
                Known(days(2, 2), FINAL, Mark(None, DOUBTED, 7)),
                Known(days(3, 4), FINAL),
            ],
            id="doubted days keep what they were",
        ),
        pytest.param(
            [(None, FINAL)],
            [Mark(None, FAILED, 7)],
            [Known(None, FINAL, Mark(None, FAILED, 7))],
            id="without days",
        ),
        pytest.param(
            [(days(0, 1), FINAL), (days(2, 3), PROVISIONAL), (days(8, 9), EMPTY)],
            [],
            [
                Known(days(0, 1), FINAL),
                Known(days(2, 3), PROVISIONAL),
                Known(days(8, 9), EMPTY),
            ],
            id="without marks",
        ),
    ],
)
def test_laying_over(
    read: list[tuple[DayRange | None, SegmentState]], marks: list[Mark], expected: list[Known]
) -> None:
    assert overlaid(read, marks) == expected


spans = st.lists(st.tuples(st.integers(0, 3), st.integers(0, 4)), max_size=6)


def _disjoint(gaps: list[tuple[int, int]]) -> list[DayRange]:
    """Ranges from (gap before, length) pairs, oldest first."""
    found, position = [], 0
    for gap, length in gaps:
        found.append(days(position + gap, position + gap + length))
        position += gap + length + 1
    return found


@settings(deadline=None, suppress_health_check=[HealthCheck.too_slow])
@given(spans, spans, st.sampled_from(SegmentState), st.sampled_from(MarkKind))
def test_every_day_says_what_its_segment_and_its_mark_say(
    read: list[tuple[int, int]],
    marked: list[tuple[int, int]],
    state: SegmentState,
    kind: MarkKind,
) -> None:
    segments, marks = _disjoint(read), _disjoint(marked)
    found = overlaid([(each, state) for each in segments], [Mark(each, kind, 1) for each in marks])
    told = {
        day: (each.kept, each.mark.kind if each.mark else None)
        for each in found
        for day in (each.days.days() if each.days else ())
    }
    of_read = {day for each in segments for day in each.days()}
    of_marks = {day for each in marks for day in each.days()}
    assert told == {
        day: (state if day in of_read else None, kind if day in of_marks else None)
        for day in of_read | of_marks
    }
    assert [each.days for each in found] == sorted(each.days for each in found if each.days)
