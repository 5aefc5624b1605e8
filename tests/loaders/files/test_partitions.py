"""Rows reach the right file in their order, in bounded memory, whatever order they come in."""

import tempfile
from collections.abc import Iterator
from datetime import date, timedelta
from pathlib import Path

import pyarrow as pa
import pytest

from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.kit.outcomes import Refused, TryLater
from headrace.loaders.contract import TargetTable
from headrace.loaders.files import partitions
from headrace.loaders.files.newest import last_of_each_key
from headrace.loaders.files.options import FileOptions
from headrace.loaders.files.partitions import split

COLUMNS = (
    Column("account_id", ColumnType.STRING),
    Column("date", ColumnType.DATE),
    Column("n", ColumnType.INTEGER),
    Column("filler", ColumnType.STRING),
)
TABLE = TargetTable("ads", COLUMNS, key=("n",), date_column="date")
FIRST = date(2026, 1, 30)


def batch(rows: list[tuple[str | None, date | None, int]], filler: str = "") -> pa.RecordBatch:
    values = [(*row, filler) for row in rows]
    arrays = [
        pa.array([row[index] for row in values], column.arrow_type)
        for index, column in enumerate(COLUMNS)
    ]
    return pa.RecordBatch.from_arrays(arrays, schema=arrow_schema(list(COLUMNS)))


def shuffled(count: int, filler: str = "") -> Iterator[pa.RecordBatch]:
    """Rows of 5 days and 3 accounts, each batch holding all of them."""
    for start in range(0, count, 100):
        rows = [
            (f"acc{n % 3}", FIRST + timedelta(days=n % 5), n) for n in range(start, start + 100)
        ]
        yield batch(rows, filler)


@pytest.mark.parametrize("run_bytes", [1, 4_000, 32 << 20])
@pytest.mark.parametrize(("partition", "periods"), [("day", 5), ("month", 2)])
def test_each_part_holds_its_rows_in_order(run_bytes: int, partition: str, periods: int) -> None:
    params = {"partition_by": partition, "use_load_by_account": True}
    placement = FileOptions.of(params).placement
    with split(shuffled(6_000), TABLE, placement, run_bytes) as parts:
        found = {part: pa.Table.from_batches(list(rows)) for part, rows in parts}
    assert len(found) == periods * 3
    assert sum(rows.num_rows for rows in found.values()) == 6_000
    for part, rows in found.items():
        assert set(rows["account_id"].to_pylist()) == {part.account}
        days = {
            day if partition == "day" else day.replace(day=1) for day in rows["date"].to_pylist()
        }
        assert days == {part.period}
        numbers = rows["n"].to_pylist()
        if partition == "day":
            assert numbers == sorted(numbers)
        assert rows.schema.names == [column.name for column in COLUMNS]


def test_memory_does_not_grow_with_rows(monkeypatch: pytest.MonkeyPatch) -> None:  # F19
    monkeypatch.setattr(partitions, "_MOST_RUNS", 4)
    placement = FileOptions.of({"partition_by": "day"}).placement
    filler = "x" * 1_000
    held = []
    before = pa.total_allocated_bytes()
    with split(shuffled(60_000, filler), TABLE, placement, 2 << 20) as parts:
        for _, rows in parts:
            for one in rows:
                held.append(pa.total_allocated_bytes() - before)
                assert one.num_rows
    assert max(held) < 60_000 * len(filler) / 3


def test_rows_without_date_or_account_are_refused() -> None:
    by_day = FileOptions.of({"partition_by": "day"}).placement
    by_account = FileOptions.of({"use_load_by_account": True}).placement
    rows = iter([batch([("a", None, 1)])])
    with pytest.raises(Refused, match="without date"), split(rows, TABLE, by_day):
        pass
    rows = iter([batch([(None, FIRST, 1)])])
    with pytest.raises(Refused, match="without account_id"), split(rows, TABLE, by_account):
        pass


def test_full_temporary_folder_is_a_passing_fault(
    monkeypatch: pytest.MonkeyPatch, tmp_path: Path
) -> None:  # F20
    def no_room(path: Path, rows: object) -> None:
        raise OSError(28, "No space left on device", str(path))

    monkeypatch.setattr(partitions, "_write_run", no_room)
    monkeypatch.setattr(tempfile, "tempdir", str(tmp_path))
    placement = FileOptions.of({"partition_by": "day"}).placement
    with (
        pytest.raises(TryLater, match="No space left on device"),
        split(shuffled(100), TABLE, placement, run_bytes=1),
    ):
        pass
    assert list(tmp_path.iterdir()) == []


def test_last_row_of_a_key_counts_across_batches() -> None:  # F26
    rows = [batch([("a", FIRST, n % 1_000)], filler=str(n)) for n in range(3_000)]
    kept = pa.Table.from_batches(list(last_of_each_key(iter(rows), TABLE)))
    assert sorted(kept["n"].to_pylist()) == list(range(1_000))
    assert set(kept["filler"].to_pylist()) == {str(n) for n in range(2_000, 3_000)}
