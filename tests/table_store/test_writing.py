"""Writing files: what is in them, what is refused, and that failures leave nothing."""

import resource
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, date, datetime
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.kit.columns import ARROW_TYPES, Column, ColumnType, arrow_schema
from headrace.kit.outcomes import TryLater
from headrace.table_store import Lake, LakeFull, LakeUnreachable
from table_store.tables import SmallTable, batch_of, day, rows_of

NAMED = {
    "workspace_id": 1,
    "table_id": 2,
    "account_id": "a",
    "account_name": "Zoë's shop",
    "inserted_at": datetime(2026, 3, 1, tzinfo=UTC),
}


def _files(folder: Path) -> list[Path]:
    return [path for path in folder.rglob("*") if path.is_file()]


def test_a_file_holds_the_rows_and_the_system_columns(table: SmallTable, lake_folder: Path) -> None:
    rows = rows_of([2, 0, 1])
    with table.lake.new_file(**NAMED, date_field="date_start") as writer:
        writer.write(batch_of(rows[:2]))
        writer.write(batch_of(rows[2:]))
        staged = writer.finish()

    assert staged is not None
    assert (staged.rows, staged.first_date, staged.last_date) == (3, day(0), day(2))
    assert staged.columns == [
        Column("date_start", ColumnType.DATE),
        Column("ad_id", ColumnType.STRING),
        Column("spend", ColumnType.DECIMAL),
    ]
    path = lake_folder / staged.path
    assert path.stat().st_size == staged.bytes
    stored = pq.read_table(path)
    assert stored.column("date_start").to_pylist() == [day(0), day(1), day(2)]
    assert set(stored.column("__account_id").to_pylist()) == {"a"}
    assert set(stored.column("__account_name").to_pylist()) == {"Zoë's shop"}
    assert set(stored.column("__insert_date").to_pylist()) == {NAMED["inserted_at"]}
    assert path.parent.parent == lake_folder / "1" / "2"


def test_every_type_comes_back_exactly(table: SmallTable, lake_folder: Path) -> None:
    schema = arrow_schema([Column(each.value, each) for each in ColumnType])
    values = {
        "string": ["", "💧'\"\\\n\0", None],
        "integer": [2**63 - 1, -(2**63), None],
        "decimal": [
            Decimal("99999999999999999999999999999.999999999"),
            Decimal("-0.000000001"),
            None,
        ],
        "float": [1e308, float("-inf"), None],
        "boolean": [True, False, None],
        "date": [date(1, 1, 1), date(9999, 12, 31), None],
        "datetime": [datetime(1, 1, 1, tzinfo=UTC), datetime(9999, 12, 31, tzinfo=UTC), None],
    }
    batch = pa.record_batch(values, schema=schema)
    staged = table.stage("a", [batch], date_field=None)
    assert staged is not None
    stored = pq.read_table(lake_folder / staged.path).select(schema.names)
    assert stored.schema.equals(schema)
    assert stored.to_pydict() == values


def test_no_rows_leave_no_file(table: SmallTable, lake_folder: Path) -> None:
    assert table.stage("a", []) is None
    assert table.stage("a", [batch_of([]), batch_of([])]) is None
    assert _files(lake_folder) == []


def test_row_groups_are_sorted_by_day_whatever_the_order(
    table: SmallTable, lake_folder: Path
) -> None:
    rows = rows_of([number % 60 for number in range(60_000)])
    staged = table.stage(
        "a", [batch_of(rows[start : start + 500]) for start in range(0, 60_000, 500)]
    )
    assert staged is not None
    groups = pq.ParquetFile(lake_folder / staged.path).metadata
    dates = [groups.row_group(number).column(0) for number in range(groups.num_row_groups)]
    edges = [(each.statistics.min, each.statistics.max) for each in dates]
    assert edges == [(day(first), day(first + 9)) for first in range(0, 60, 10)]


def test_memory_is_bounded_by_flushing(table: SmallTable, lake_folder: Path) -> None:
    def watched() -> Iterator[Any]:
        for _ in range(20):
            yield batch_of(rows_of(range(100)))
            held.append(writer._waiting_bytes)

    held: list[int] = []
    with table.lake.new_file(**NAMED, date_field="date_start", buffer_bytes=10_000) as writer:
        for batch in watched():
            writer.write(batch)
        staged = writer.finish()
    assert max(held) < 10_000
    assert staged is not None
    stored = pq.ParquetFile(lake_folder / staged.path)
    assert stored.metadata.num_rows == staged.rows == 2_000
    assert stored.metadata.num_row_groups > 1


def test_a_failing_source_leaves_no_file(table: SmallTable, lake_folder: Path) -> None:
    def broken() -> Iterator[Any]:
        yield batch_of(rows_of([1]))
        assert len(_files(lake_folder)) == 1
        raise RuntimeError("source broke")

    with pytest.raises(RuntimeError, match="source broke"):
        table.stage("a", broken(), buffer_bytes=1)
    assert _files(lake_folder) == []


def test_an_unfinished_file_is_of_no_table(table: SmallTable, lake_folder: Path) -> None:
    with table.lake.new_file(**NAMED, date_field="date_start") as writer:
        writer.write(batch_of(rows_of([1])))
        writer._flush()
        assert len(_files(lake_folder)) == 1
        assert not table.read()
        writer.finish()
    assert len(_files(lake_folder)) == 1
    assert not table.read()


def _with(**columns: Any) -> Any:
    return pa.record_batch(columns)


@pytest.mark.parametrize(
    ("batches", "message"),
    [
        ([_with(__account_id=["x"], date_start=pa.array([day(0)]))], "reserved"),
        ([_with(date_start=pa.array([day(0)]), n=pa.array([1], pa.int32()))], "int32"),
        ([_with(n=pa.array([1]))], "no date column"),
        ([_with(date_start=["2026-01-01"])], "no date column"),
        ([_with(date_start=pa.array([day(0), None]))], "1 rows have no 'date_start'"),
        ([_with(date_start=pa.array([day(0)])), batch_of(rows_of([0]))], "than the first batch"),
        ([pa.RecordBatch.from_arrays([pa.array([day(0)]), pa.array([1]), pa.array([1])],
                                     ["date_start", "n", "n"])], "appears twice"),
    ],
    ids=["reserved", "foreign type", "no date", "text date", "null date", "other schema", "twice"],
)  # fmt: skip
def test_batches_that_do_not_fit_are_refused(
    table: SmallTable, lake_folder: Path, batches: list[Any], message: str
) -> None:
    with pytest.raises(ValueError, match=message):
        table.stage("a", batches)
    assert _files(lake_folder) == []


def test_moments_without_a_zone_are_refused(table: SmallTable) -> None:
    naive = NAMED | {"inserted_at": datetime(2026, 1, 1)}  # noqa: DTZ001 - that is the fault
    with pytest.raises(ValueError, match="must be aware"):
        table.lake.new_file(**naive, date_field=None)


def test_a_finished_file_takes_no_more(table: SmallTable) -> None:
    with table.lake.new_file(**NAMED, date_field=None) as writer:
        writer.write(batch_of(rows_of([1])))
        assert writer.finish() is not None
        with pytest.raises(ValueError, match="finished"):
            writer.write(batch_of(rows_of([1])))


def test_days_of_moments_are_those_of_utc(table: SmallTable) -> None:
    moments = pa.array(
        [datetime(2026, 1, 1, 23, 59, tzinfo=UTC), datetime(2026, 1, 3, tzinfo=UTC)],
        ARROW_TYPES[ColumnType.DATETIME],
    )
    staged = table.stage("a", [_with(at=moments)], date_field="at")
    assert staged is not None
    assert (staged.first_date, staged.last_date) == (date(2026, 1, 1), date(2026, 1, 3))


_FILL = """
import sys
from collections.abc import Iterator
from datetime import UTC, datetime
import pyarrow as pa
from headrace.table_store import Lake, LakeFull
lake = Lake.open(sys.argv[1])
try:
    with lake.new_file(workspace_id=1, table_id=2, account_id="a", account_name="a",
                       inserted_at=datetime.now(UTC), date_field=None) as writer:
        writer.write(pa.record_batch({"n": pa.array(list(range(1_000_000)))}))
        writer.finish()
except LakeFull as fault:
    print(fault)
"""


def test_a_full_disk_is_told_and_nothing_is_kept(
    lake_folder: Path, table: SmallTable
) -> None:  # F20
    def small_files_only() -> None:
        signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
        resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))

    told = subprocess.run(
        [sys.executable, "-c", _FILL, str(lake_folder)],
        preexec_fn=small_files_only,
        capture_output=True,
        text=True,
        check=True,
    )

    assert "no room in the lake" in told.stdout
    assert "run again" in told.stdout
    assert issubclass(LakeFull, TryLater)
    assert _files(lake_folder) == []
    assert table.stage("a", [batch_of(rows_of([1]))]) is not None


def test_a_lake_that_is_no_folder_is_told(
    tmp_path: Path, table: SmallTable, lake_folder: Path
) -> None:
    (tmp_path / "file").write_text("not a folder")
    with pytest.raises(LakeUnreachable, match=r"cannot be used at .*file"):
        Lake.open(str(tmp_path / "file"))

    (lake_folder / str(table.workspace_id)).write_text("in the way")
    with pytest.raises(LakeUnreachable, match="cannot be used"):
        table.stage("a", [batch_of(rows_of([1]))])


@pytest.mark.parametrize("form", ["{}", "file://{}"])
def test_a_folder_may_be_a_url(tmp_path: Path, form: str) -> None:
    folder = tmp_path / "a lake"
    Lake.open(form.format(str(folder).replace(" ", "%20") if "file" in form else folder))
    assert folder.is_dir()
    assert folder.stat().st_mode & 0o077 == 0


@pytest.mark.parametrize(
    ("url", "message"),
    [
        ("https://example.com/lake", "use a folder"),
        ("file://host/lake", "use a folder"),
        ("s3://", "names no bucket"),
        ("s3://bucket/x?colour=red", "unknown options colour"),
    ],
)
def test_other_urls_are_refused(url: str, message: str) -> None:
    with pytest.raises(ValueError, match=message):
        Lake.open(url)


def test_secrets_of_the_url_do_not_show() -> None:
    lake = Lake.open("s3://KEY:canary@bucket/prefix?endpoint_override=http://127.0.0.1:1")
    assert repr(lake) == "Lake('s3://bucket/prefix')"
