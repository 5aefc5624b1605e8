"""Replacing windows: what is live afterwards, what coverage says, what is refused."""

from datetime import date

import pytest

from headrace.db.engine import transaction
from headrace.kit.days import DayRange
from headrace.table_store import SegmentState, coverage, drop_segments, forget_workspace
from table_store.tables import SmallTable, batch_of, counted, days, rows_of

FINAL, PROVISIONAL, EMPTY = SegmentState.FINAL, SegmentState.PROVISIONAL, SegmentState.EMPTY


def test_a_new_window_replaces_its_days_and_no_others(table: SmallTable) -> None:  # F11
    old, new = rows_of(range(10), "old"), rows_of([4, 4, 5], "new")
    table.replace("a", days(0, 9), old)
    table.replace("b", days(0, 9), old)

    replaced = table.replace("a", days(3, 5), new)

    assert table.read() == counted("a", old[:3] + new + old[6:]) + counted("b", old)
    assert (replaced.rows_added, replaced.rows_removed_estimate) == (3, 3)


def test_no_old_row_is_written_again(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    before = {file.path: file.modified_at for file in table.lake.list_files()}

    table.replace("a", days(3, 5), rows_of([4]))

    after = {file.path: file.modified_at for file in table.lake.list_files()}
    assert len(after) == 2
    assert before.items() <= after.items()


def test_a_replacement_shows_only_after_the_commit(table: SmallTable) -> None:
    old = rows_of(range(3), "old")
    table.replace("a", days(0, 2), old)
    staged = table.stage("a", [batch_of(rows_of(range(3), "new"))])

    with table.sessions() as session:
        table.replace_in(session, "a", days(0, 2), staged)
        assert table.read() == counted("a", old)
        session.rollback()

    assert table.read() == counted("a", old)


def test_the_same_window_again_changes_nothing(table: SmallTable) -> None:  # F02
    rows = rows_of(range(4))
    table.replace("a", days(0, 3), rows)

    replaced = table.replace("a", days(0, 3), rows)

    assert table.read() == counted("a", rows)
    assert (replaced.rows_added, replaced.rows_removed_estimate) == (4, 4)


def test_a_list_taken_before_still_reads_the_old_rows(table: SmallTable) -> None:
    old = rows_of(range(4), "old")
    table.replace("a", days(0, 3), old)
    taken = table.live()

    table.replace("a", days(0, 3), rows_of(range(4), "new"))

    assert table.read(taken) == counted("a", old)


def test_coverage_tells_final_provisional_empty_and_never_read(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    table.replace("a", days(10, 12), rows_of([10]), PROVISIONAL)
    table.replace("a", days(20, 21), [])
    table.replace("a", days(22, 23), [], PROVISIONAL)
    table.replace("a", days(3, 4), rows_of([3]))

    with table.sessions() as session:
        assert coverage(session, table.table_id) == {
            "a": [
                (days(0, 9), FINAL),
                (days(10, 12), PROVISIONAL),
                (days(20, 21), EMPTY),
                (days(22, 23), PROVISIONAL),
            ]
        }


def test_the_remains_of_a_window_without_rows_are_empty(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of([5]))

    table.replace("a", days(5, 6), [])

    live = table.live()
    assert [(each.days, each.state, each.path) for each in live] == [
        (days(0, 4), EMPTY, None),
        (days(5, 6), EMPTY, None),
        (days(7, 9), EMPTY, None),
    ]


def test_a_remain_that_holds_all_rows_needs_no_filter(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of([1, 2]))

    table.replace("a", days(5, 9), [])

    (kept, _) = table.live()
    assert kept.days == days(0, 4)
    assert kept.shown_days is None


def test_an_account_without_days_is_replaced_as_a_whole(table: SmallTable) -> None:
    table.replace("a", None, rows_of([1, 2]))
    table.replace("a", None, rows_of([2]))
    assert table.read() == counted("a", rows_of([2]))

    with pytest.raises(ValueError, match="kept without days"):
        table.replace("a", days(0, 1), [])
    table.replace("a", None, [])
    assert table.read() == counted("a", [])
    with table.sessions() as session:
        assert coverage(session, table.table_id) == {"a": [(None, EMPTY)]}


def test_a_whole_account_takes_the_place_of_its_windows(table: SmallTable) -> None:
    table.replace("a", days(0, 3), rows_of(range(4)))
    table.replace("b", days(0, 3), rows_of(range(4)))

    table.replace("a", None, rows_of([9]))

    assert table.read() == counted("a", rows_of([9])) + counted("b", rows_of(range(4)))


@pytest.mark.parametrize("window", [days(0, 2), days(1, 3), days(5, 6)])
def test_rows_outside_the_window_are_refused(table: SmallTable, window: DayRange) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))

    with pytest.raises(ValueError, match="is not within"):
        table.replace("a", window, rows_of([0, 3]))

    assert table.read() == counted("a", rows_of(range(10)))


def test_a_file_without_days_cannot_fill_a_window(table: SmallTable) -> None:
    staged = table.stage("a", [batch_of(rows_of([1]))], date_field=None)
    with table.sessions() as session, pytest.raises(ValueError, match="has no days"):
        table.replace_in(session, "a", days(1, 1), staged)


def test_a_file_of_another_workspace_is_refused(table: SmallTable) -> None:
    foreign = SmallTable(table.lake, table.sessions, workspace_id=4)
    staged = foreign.stage("a", [batch_of(rows_of([1]))])
    with table.sessions() as session, pytest.raises(ValueError, match="was not written for"):
        table.replace_in(session, "a", days(1, 1), staged)


def test_rows_cannot_be_called_empty(table: SmallTable) -> None:
    with pytest.raises(ValueError, match="not empty"):
        table.replace("a", days(1, 1), rows_of([1]), EMPTY)


def test_live_segments_of_some_accounts(table: SmallTable) -> None:
    for account in "abc":
        table.replace(account, days(0, 1), rows_of([0]))
    assert [each.account_id for each in table.live(["c", "a"])] == ["a", "c"]
    assert table.live([]) == []


def test_a_dropped_account_is_gone_and_the_rest_is_not(table: SmallTable) -> None:
    for account in "ab":
        table.replace(account, days(0, 1), rows_of([0]))
    with transaction(table.sessions) as session:
        assert drop_segments(session, table.table_id, "a") == 1
    assert table.read() == counted("b", rows_of([0]))
    with transaction(table.sessions) as session:
        assert drop_segments(session, table.table_id) == 1
    assert table.live() == []


def test_a_forgotten_workspace_leaves_the_others(table: SmallTable) -> None:
    other = SmallTable(table.lake, table.sessions, table_id=8, workspace_id=4)
    for each in (table, other):
        each.replace("a", days(0, 1), rows_of([0]))

    with transaction(table.sessions) as session:
        forget_workspace(session, table.workspace_id)
    table.lake.delete_workspace(table.workspace_id)
    table.lake.delete_workspace(999)

    assert table.live() == []
    assert other.read() == counted("a", rows_of([0]))
    assert [file.path for file in table.lake.list_files()] == [other.live()[0].path]


def test_accounts_may_have_any_name(table: SmallTable) -> None:
    names = ["../../etc", "a/b", "", "💧", "x" * 500, "a'; drop table segment; --"]
    for name in names:
        table.replace(name, days(0, 0), rows_of([0], text=name))
    assert {row[0] for row in table.read()} == set(names)


def test_the_oldest_and_newest_days_fit(table: SmallTable) -> None:
    window = DayRange(date(1, 1, 1), date(9999, 12, 31))
    table.replace("a", window, rows_of([0]))
    table.replace("a", days(0, 0), [])
    assert table.read() == counted("a", [])
