"""Several processes at one table: no conflict reaches a caller, and killed writers change nothing."""

import subprocess
import sys
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path

from headrace.kit import clock
from headrace.table_store import SegmentState, compact, sweep
from table_store.tables import SmallTable, counted, day, days, rows_of

_WRITER = """
import sys, time
from table_store.tables import SmallTable, batch_of, days, rows_of
from headrace.db.engine import make_engine, session_maker
from headrace.table_store import Lake

url, folder, name, account, mode = sys.argv[1:]
table = SmallTable(Lake.open(folder), session_maker(make_engine(url)))
print("ready", flush=True)
sys.stdin.readline()
if mode == "write":
    for number in range(15):
        window = days(number, number + 4)
        table.replace(account, window, rows_of(range(number, number + 5), name))
else:
    staged = table.stage(account, [batch_of(rows_of(range(10), name))])
    session = table.sessions()
    table.replace_in(session, account, days(0, 9), staged)
print("done", flush=True)
if mode == "hang":
    time.sleep(60)
"""


def _writer(
    url: str, folder: Path, name: str, account: str, mode: str = "write"
) -> subprocess.Popen[str]:
    return subprocess.Popen(
        [sys.executable, "-c", _WRITER, url, str(folder), name, account, mode],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        stderr=subprocess.PIPE,
        text=True,
        env={"PYTHONPATH": str(Path(__file__).parents[1])},
    )


def _tell(process: subprocess.Popen[str], word: str) -> None:
    assert process.stdin is not None
    process.stdin.write(word + "\n")
    process.stdin.flush()


def _line(process: subprocess.Popen[str]) -> str:
    assert process.stdout is not None
    return process.stdout.readline().strip()


def _run_together(writers: Sequence[subprocess.Popen[str]]) -> None:
    for writer in writers:
        assert _line(writer) == "ready", writer.communicate()[1]
    for writer in writers:
        _tell(writer, "go")
    for writer in writers:
        _, faults = writer.communicate(timeout=120)
        assert (writer.returncode, faults) == (0, "")


def test_four_processes_on_accounts_of_one_table(
    table: SmallTable, database_url: str, lake_folder: Path
) -> None:
    _run_together([_writer(database_url, lake_folder, name, name) for name in "abcd"])

    expected = sum((counted(name, rows_of(range(19), name)) for name in "abcd"), counted("", []))
    assert table.read() == expected


def test_four_processes_on_one_account(
    table: SmallTable, database_url: str, lake_folder: Path
) -> None:
    _run_together([_writer(database_url, lake_folder, name, "same") for name in "abcd"])

    read = table.read()
    assert {row[1]: count for row, count in read.items()} == {
        day(number): 1 for number in range(19)
    }
    ranges = [segment.days for segment in table.live() if segment.days]
    assert [each for window in ranges for each in window.days()] == list(days(0, 18).days())


def test_a_writer_killed_before_its_commit_changes_nothing(  # F01
    table: SmallTable, database_url: str, lake_folder: Path
) -> None:
    old = rows_of(range(10), "old")
    table.replace("a", days(0, 9), old)
    writer = _writer(database_url, lake_folder, "killed", "a", "hang")
    assert _line(writer) == "ready"
    _tell(writer, "go")
    assert _line(writer) == "done"

    writer.kill()
    writer.communicate()

    assert table.read() == counted("a", old)
    assert len(list(table.lake.list_files())) == 2
    grace = timedelta(hours=1)
    with clock.shifted(2 * grace):
        assert sweep(table.sessions, table.lake, grace).orphan_files == 1
    table.replace("a", days(0, 9), rows_of([3], "next"), SegmentState.FINAL)
    assert table.read() == counted("a", rows_of([3], "next"))


def test_compaction_goes_on_beside_writers_and_readers(
    table: SmallTable, database_url: str, lake_folder: Path
) -> None:
    writers = [_writer(database_url, lake_folder, name, name) for name in "ab"]
    for writer in writers:
        assert _line(writer) == "ready", writer.communicate()[1]
    for writer in writers:
        _tell(writer, "go")
    rounds = 0
    while rounds == 0 or any(writer.poll() is None for writer in writers):
        compact(table.sessions, table.lake, worthwhile_files=2)
        assert set(table.read().values()) <= {1}  # no day twice, at any moment
        rounds += 1
    assert [writer.communicate()[1] for writer in writers] == ["", ""]
    compact(table.sessions, table.lake, worthwhile_files=2)
    expected = counted("a", rows_of(range(19), "a")) + counted("b", rows_of(range(19), "b"))
    assert table.read() == expected
    assert len({each.path for each in table.live()}) == 2  # one file for each account
    with clock.shifted(timedelta(hours=2)):
        sweep(table.sessions, table.lake, timedelta(hours=1))
    assert len(list(table.lake.list_files())) == 2  # the others went after the grace
    assert table.read() == expected
