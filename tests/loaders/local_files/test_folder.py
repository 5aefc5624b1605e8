"""The folder on this machine: nothing leaves it, nothing half shows, killed writers are swept."""

import errno
import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from datetime import date
from pathlib import Path

import pyarrow as pa
import pyarrow.parquet as pq
import pytest

from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import OutsideError, Refused, TryLater
from headrace.loaders.contract import Access, Full, TargetTable, Window
from headrace.loaders.files.formats import FORMATS
from headrace.loaders.targets.local_files import LOADER
from headrace.loaders.targets.local_files.folder import explain

COLUMNS = (
    Column("account_id", ColumnType.STRING),
    Column("date", ColumnType.DATE),
    Column("n", ColumnType.INTEGER),
)
ADS = TargetTable("ads", COLUMNS, key=("n",), date_column="date")
MARCH = DayRange(date(2026, 3, 1), date(2026, 3, 31))

WRITER = """
import sys, time
from pathlib import Path
import pyarrow as pa
from headrace.kit.columns import arrow_schema
from headrace.loaders.contract import Full
from headrace.loaders.targets.local_files import LOADER
sys.path.insert(0, sys.argv[2])
from loaders.local_files.test_folder import ADS, COLUMNS, access, batch

def batches():
    for number in range(1000):
        yield batch([("a", 1, number)] * 20_000)
        if number == 5:
            print("writing", flush=True)
            time.sleep(60)

list(LOADER.write(access(Path(sys.argv[1])), ADS, [Full(batches)]))
"""


def access(root: Path, **params: object) -> Access:
    return Access({"file_format": "csv", **params}, OutboundPolicy(), root)


def batch(rows: list[tuple[str, int, int]]) -> pa.RecordBatch:
    """Rows of (account, day of March, number)."""
    return pa.RecordBatch.from_arrays(
        [
            pa.array([account for account, _, _ in rows], pa.string()),
            pa.array([date(2026, 3, day) for _, day, _ in rows], pa.date32()),
            pa.array([number for _, _, number in rows], pa.int64()),
        ],
        schema=arrow_schema(list(COLUMNS)),
    )


def full(*rows: tuple[str, int, int]) -> Full:
    return Full(lambda: iter([batch(list(rows))]))


def window(account: str, days: DayRange | None, *rows: tuple[str, int, int]) -> Window:
    return Window(account, days, lambda: iter([batch(list(rows))]))


def files(root: Path) -> list[str]:
    return sorted(path.relative_to(root).as_posix() for path in root.rglob("*") if path.is_file())


def test_killed_writer_shows_nothing_and_is_swept_by_the_next(tmp_path: Path) -> None:  # F22
    list(LOADER.write(access(tmp_path), ADS, [full(("a", 1, 1))]))
    before = (tmp_path / "ads.csv").read_bytes()
    tests = str(Path(__file__).parents[2])
    writer = subprocess.Popen(
        [sys.executable, "-c", WRITER, str(tmp_path), tests], stdout=subprocess.PIPE
    )
    assert writer.stdout is not None
    assert writer.stdout.readline() == b"writing\n"
    writer.send_signal(signal.SIGKILL)
    writer.wait()
    writer.stdout.close()
    left = [name for name in files(tmp_path) if name != "ads.csv"]
    assert len(left) == 1
    assert left[0].startswith(".ads.csv.")
    assert (tmp_path / "ads.csv").read_bytes() == before
    list(LOADER.write(access(tmp_path), ADS, [full(("a", 1, 2))]))
    assert files(tmp_path) == ["ads.csv"]


def test_full_removes_only_the_tables_own_files(tmp_path: Path) -> None:
    by_day = access(tmp_path, partition_by="day")
    list(LOADER.write(by_day, ADS, [full(("a", 1, 1), ("a", 2, 2))]))
    others = ["ads-2026-03-01.csv.bak", "ads.csv", "ads_2-2026-03-01.csv", "notes.txt"]
    for name in others:
        (tmp_path / name).write_text("mine")
    list(LOADER.write(by_day, ADS, [full(("a", 3, 3))]))
    assert files(tmp_path) == sorted([*others, "ads-2026-03-03.csv"])


def test_window_touches_only_files_of_its_days(tmp_path: Path) -> None:
    by_day = access(tmp_path, partition_by="day")
    list(LOADER.write(by_day, ADS, [full(("a", 1, 1), ("b", 2, 2), ("a", 2, 3), ("a", 3, 4))]))
    before = {name: (tmp_path / name).stat().st_ino for name in files(tmp_path)}
    days = DayRange(date(2026, 3, 2), date(2026, 3, 3))
    done = list(LOADER.write(by_day, ADS, [window("a", days, ("a", 2, 9))]))
    assert [(one.rows_written, one.rows_deleted) for one in done] == [(1, 2)]
    assert files(tmp_path) == ["ads-2026-03-01.csv", "ads-2026-03-02.csv"]
    assert (tmp_path / "ads-2026-03-01.csv").stat().st_ino == before["ads-2026-03-01.csv"]
    assert (tmp_path / "ads-2026-03-02.csv").read_text() == (
        '"account_id","date","n"\n"b",2026-03-02,2\n"a",2026-03-02,9\n'
    )


def test_file_that_cannot_be_read_is_not_overwritten(tmp_path: Path) -> None:
    mine = tmp_path / "ads.csv"
    for content in ("something else entirely", '"account_id","date","n"\n"a",soon,1\n', ""):
        mine.write_text(content)
        with pytest.raises(Refused, match=r"ads\.csv cannot be read"):
            list(LOADER.write(access(tmp_path), ADS, [window("a", MARCH, ("a", 1, 1))]))
        assert mine.read_text() == content
    list(LOADER.write(access(tmp_path), ADS, [full(("a", 1, 1))]))
    assert mine.read_text().startswith('"account_id"')


def test_link_that_leads_out_is_refused(tmp_path: Path) -> None:  # S85
    outside = tmp_path / "outside"
    outside.mkdir()
    root = tmp_path / "root"
    root.mkdir()
    (root / "link").symlink_to(outside)
    through = access(root, folder="link/sub")
    with pytest.raises(Refused, match="leads out"):
        LOADER.check(through)
    with pytest.raises(Refused, match="leads out"):
        list(LOADER.write(through, ADS, [full(("a", 1, 1))]))
    assert list(outside.iterdir()) == []


def test_check_makes_no_folder(tmp_path: Path) -> None:
    LOADER.check(access(tmp_path, folder="a/b/{{YYYY}}"))
    assert list(tmp_path.iterdir()) == []


def test_full_disk_leaves_the_old_file(tmp_path: Path) -> None:  # F20
    list(LOADER.write(access(tmp_path, file_format="parquet"), ADS, [full(("a", 1, 1))]))
    code = (
        "import resource, signal, sys; from pathlib import Path\n"
        f"sys.path.insert(0, {str(Path(__file__).parents[2])!r})\n"
        "from loaders.local_files.test_folder import *\n"
        "signal.signal(signal.SIGXFSZ, signal.SIG_IGN)\n"
        "resource.setrlimit(resource.RLIMIT_FSIZE, (200_000, 200_000))\n"
        "rows = [('a', 1, n * 7919) for n in range(400_000)]\n"
        "try:\n"
        "    to = access(Path(sys.argv[1]), file_format='parquet')\n"
        "    list(LOADER.write(to, ADS, [full(*rows)]))\n"
        "except TryLater as error:\n"
        "    print(error)\n"
    )
    done = subprocess.run(
        [sys.executable, "-c", code, str(tmp_path)], capture_output=True, text=True, check=False
    )
    assert "There is no room for ads.parquet" in done.stdout, done.stderr
    assert "Traceback" not in done.stderr
    assert files(tmp_path) == ["ads.parquet"]
    assert pq.read_table(tmp_path / "ads.parquet").num_rows == 1


@pytest.mark.parametrize(
    ("number", "outcome", "says"),
    [
        (errno.ENOSPC, TryLater, "no room"),
        (errno.EROFS, Refused, "Read-only"),
        (errno.EACCES, Refused, "Let the server's user write"),
        (errno.ENOTDIR, Refused, "Choose another folder"),
        (errno.EIO, TryLater, "could not be read or written"),
    ],
)
def test_errors_of_the_file_system_say_what_to_do(
    number: int, outcome: type[OutsideError], says: str
) -> None:
    found = explain(OSError(number, os.strerror(number)), Path("/x/ads.csv"))
    assert type(found) is outcome
    assert says in str(found)


def test_change_by_someone_else_meanwhile_is_noticed(tmp_path: Path) -> None:
    list(LOADER.write(access(tmp_path), ADS, [full(("a", 1, 1))]))

    def meddling() -> Iterator[pa.RecordBatch]:
        list(LOADER.write(access(tmp_path), ADS, [full(("b", 1, 5))]))
        yield batch([("a", 2, 2)])

    late = Window("a", MARCH, meddling)
    with pytest.raises(TryLater, match="changed by someone else"):
        list(LOADER.write(access(tmp_path), ADS, [late]))
    assert '"b",2026-03-01,5' in (tmp_path / "ads.csv").read_text()


@pytest.mark.parametrize("file_format", ["csv", "csv+gzip", "json", "parquet"])
def test_row_of_many_megabytes_survives_a_rebuild(tmp_path: Path, file_format: str) -> None:
    table = TargetTable("ads", (*COLUMNS, Column("text", ColumnType.STRING)), date_column="date")

    def with_text(account: str, text: str) -> pa.RecordBatch:
        rows = batch([(account, 1, 1)])
        return rows.append_column("text", pa.array([text]))

    to = access(tmp_path, file_format=file_format)
    long = '",\n' * 3_000_000
    units = [
        Full(lambda: iter([with_text("a", long)])),
        Window("b", MARCH, lambda: iter([with_text("b", "short")])),
    ]
    done = list(LOADER.write(to, table, units))
    assert [one.rows_written for one in done] == [1, 1]
    back = FORMATS[file_format](",").read(
        lambda: (tmp_path / files(tmp_path)[0]).open("rb"), table.columns, long_rows=True
    )
    assert pa.Table.from_batches(back)["text"].to_pylist() == [long, "short"]
