"""Sweeping: what is removed, when, and that neither readers nor writers lose anything by it."""

import os
from datetime import datetime, timedelta
from pathlib import Path

import pytest
from sqlalchemy import func, select

from headrace.kit import clock
from headrace.table_store import FileSwept, Swept, sweep
from headrace.table_store.models import StoredFile, StoredSegment
from table_store.tables import SmallTable, batch_of, counted, days, rows_of

GRACE = timedelta(hours=6)
LATER = timedelta(hours=7)


def _paths(table: SmallTable) -> set[str]:
    return {file.path for file in table.lake.list_files()}


def _count(table: SmallTable, model: type[StoredFile] | type[StoredSegment]) -> int:
    with table.sessions() as session:
        return session.scalar(select(func.count()).select_from(model)) or 0


def test_dead_files_stay_for_the_grace_and_then_go(table: SmallTable) -> None:
    table.replace("a", days(0, 3), rows_of(range(4), "old"))
    taken = table.live()
    table.replace("a", days(0, 3), rows_of(range(4), "new"))

    assert sweep(table.sessions, table.lake, GRACE) == Swept(0, 0, 0)
    assert table.read(taken) == counted("a", rows_of(range(4), "old"))
    with clock.shifted(LATER):
        assert sweep(table.sessions, table.lake, GRACE) == Swept(1, 0, 1)

    assert _paths(table) == {str(table.live()[0].path)}
    assert _count(table, StoredSegment) == 1
    assert table.read() == counted("a", rows_of(range(4), "new"))


def test_a_file_of_which_a_part_is_live_stays(table: SmallTable) -> None:
    table.replace("a", days(0, 9), rows_of(range(10)))
    table.replace("a", days(3, 5), [])
    with clock.shifted(LATER):
        assert sweep(table.sessions, table.lake, GRACE) == Swept(0, 0, 1)
    assert table.read() == counted("a", rows_of([0, 1, 2, 6, 7, 8, 9]))


def test_orphans_go_after_the_grace(table: SmallTable, lake_folder: Path) -> None:
    table.replace("a", days(0, 0), rows_of([0]))
    table.stage("a", [batch_of(rows_of([1]))])
    kept = table.live()[0].path
    unfinished = Path(kept).with_name(f"{'0' * 32}.parquet")
    (lake_folder / unfinished).write_bytes(b"of a writer that was killed")

    assert sweep(table.sessions, table.lake, GRACE) == Swept(0, 0, 0)
    with clock.shifted(LATER):
        assert sweep(table.sessions, table.lake, GRACE, workspace_id=999) == Swept(0, 0, 0)
        assert sweep(table.sessions, table.lake, GRACE) == Swept(0, 2, 0)
        assert sweep(table.sessions, table.lake, GRACE) == Swept(0, 0, 0)

    assert _paths(table) == {kept}
    assert table.read() == counted("a", rows_of([0]))


def test_a_writer_that_comes_too_late_is_told(table: SmallTable) -> None:
    staged = table.stage("a", [batch_of(rows_of([1]))])
    with clock.shifted(LATER):
        sweep(table.sessions, table.lake, GRACE)
    with table.sessions() as session, pytest.raises(FileSwept, match="read its days again"):
        table.replace_in(session, "a", days(1, 1), staged)
    assert table.live() == []


def test_a_writer_whose_unfinished_file_is_swept_is_told(table: SmallTable) -> None:
    with table.lake.new_file(
        workspace_id=3, table_id=7, account_id="a", account_name="a",
        inserted_at=clock.now(), date_field=None, buffer_bytes=1,
    ) as writer:  # fmt: skip
        writer.write(batch_of(rows_of([1])))
        with clock.shifted(LATER):
            assert sweep(table.sessions, table.lake, GRACE).orphan_files == 1
        with pytest.raises(FileSwept, match="read its days again"):
            writer.finish()
    assert _paths(table) == set()


def test_a_file_left_by_a_sweep_that_died_goes_with_the_next(
    table: SmallTable, lake_folder: Path
) -> None:
    staged = table.stage("a", [batch_of(rows_of([1]))])
    assert staged is not None
    content = (lake_folder / staged.path).read_bytes()
    with clock.shifted(LATER):
        assert sweep(table.sessions, table.lake, GRACE).orphan_files == 1
        (lake_folder / staged.path).write_bytes(content)
        assert sweep(table.sessions, table.lake, GRACE).orphan_files == 1
    assert _paths(table) == set()


def test_marks_of_swept_files_are_forgotten_in_the_end(table: SmallTable) -> None:
    table.stage("a", [batch_of(rows_of([1]))])
    with clock.shifted(LATER):
        sweep(table.sessions, table.lake, GRACE)
    assert _count(table, StoredFile) == 1
    with clock.shifted(LATER + 11 * GRACE):
        sweep(table.sessions, table.lake, GRACE)
    assert _count(table, StoredFile) == 0


def test_files_that_are_not_ours_stay(table: SmallTable, lake_folder: Path) -> None:
    table.replace("a", days(0, 0), rows_of([0]))
    strange = [lake_folder / "notes.txt", lake_folder / "3" / "7" / "notes" / "a.parquet"]
    for path in strange:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("of the operator")
        os.utime(path, (0, 0))
    with clock.shifted(LATER):
        assert sweep(table.sessions, table.lake, GRACE) == Swept(0, 0, 0)
    assert all(path.exists() for path in strange)


def test_a_sweep_stops_at_its_limit_and_goes_on_later(table: SmallTable) -> None:
    for number in range(5):
        table.replace("a", days(number, number), rows_of([number]))
        table.stage("b", [batch_of(rows_of([number]))])
    table.replace("a", None, [])
    with clock.shifted(LATER):
        assert sweep(table.sessions, table.lake, GRACE, limit=3) == Swept(3, 3, 3, more=True)
        assert sweep(table.sessions, table.lake, GRACE, limit=3) == Swept(2, 2, 2)
    assert _paths(table) == set()
    assert _count(table, StoredSegment) == 1


def test_insert_dates_are_those_of_the_file(table: SmallTable) -> None:
    table.replace("a", days(0, 0), rows_of([0]))
    (segment,) = table.live()
    assert segment.inserted_at == datetime.fromisoformat("2026-03-01T12:00:00Z")
