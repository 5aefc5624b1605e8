"""Time to replace a 3-day window of one account, in a large and in a small table.

Builds a table of 20,000,000 rows and one of 200,000 in a temporary folder and an embedded
PostgreSQL, replaces windows, and does the same with deltalake where a reference interpreter with
that package is given. A replacement counts from the first row written to the transaction's commit,
file and commit synced to disk.

    python bench/window_replace.py [--reference .venv-bench/bin/python] [--folder DIR]
"""

import argparse
import itertools
import multiprocessing
import random
import shutil
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from decimal import Decimal
from pathlib import Path
from typing import Any

import pyarrow as pa
import pyarrow.feather as feather
from sqlalchemy.orm import Session, sessionmaker

from headrace.db import embedded
from headrace.db.base import Base
from headrace.db.engine import make_engine, session_maker, transaction
from headrace.kit.columns import ARROW_TYPES, ColumnType
from headrace.kit.days import DayRange
from headrace.table_store import Lake, SegmentState, replace_window

ROWS_A_DAY = 550
WINDOW_DAYS = 3
FILE_DAYS = 30
LAST_DAY = date(2026, 6, 30)
WARM_UP_TIMES = 2
BY_TURNS_TIMES = 40
# Beside another program turns are of so many: after a single one, caches hold the other's data.
TURN_TIMES = 10


@dataclass(frozen=True)
class Size:
    """How large a table is: accounts times days times `ROWS_A_DAY`."""

    name: str
    table_id: int
    accounts: int
    days: int

    @property
    def rows(self) -> int:
        """How many rows the table has."""
        return self.accounts * self.days * ROWS_A_DAY


LARGE = Size("large", 1, 100, 364)
SMALL = Size("small", 2, 10, 37)


@dataclass(frozen=True)
class Store:
    """Where the tables lie; enough to open them in another process."""

    database_url: str
    folder: str

    def open(self) -> tuple[Lake, sessionmaker[Session]]:
        """Open the lake and the database in this process."""
        return Lake.open(self.folder), session_maker(make_engine(self.database_url))


def year_of_rows(days: int) -> Any:
    """Make the rows of one account, by day: ids, names, counts and money."""
    chance = random.Random(1)
    rows = days * ROWS_A_DAY
    first = LAST_DAY - timedelta(days=days - 1)
    money = [Decimal(chance.randrange(10_000_000)) / 10_000 for _ in range(5_000)]
    ads = [str(chance.randrange(10**16, 10**17)) for _ in range(ROWS_A_DAY)]
    return pa.record_batch(
        {
            "date": pa.array(
                [first + timedelta(days=row // ROWS_A_DAY) for row in range(rows)], pa.date32()
            ),
            "ad_id": [ads[row % ROWS_A_DAY] for row in range(rows)],
            "campaign": [f"Campaign number {row % 40}" for row in range(rows)],
            "device": chance.choices(["mobile", "desktop", "tablet"], k=rows),
            "impressions": chance.choices(range(100_000), k=rows),
            "clicks": chance.choices(range(1_000), k=rows),
            "spend": pa.array(chance.choices(money, k=rows), ARROW_TYPES[ColumnType.DECIMAL]),
            "revenue": pa.array(chance.choices(money, k=rows), ARROW_TYPES[ColumnType.DECIMAL]),
        }
    )


def file_windows(days: int) -> Iterator[tuple[DayRange, slice]]:
    """Yield the windows a table is first filled by, with their rows."""
    first = LAST_DAY - timedelta(days=days - 1)
    for start in range(0, days, FILE_DAYS):
        stop = min(start + FILE_DAYS, days)
        window = DayRange(first + timedelta(days=start), first + timedelta(days=stop - 1))
        yield window, slice(start * ROWS_A_DAY, stop * ROWS_A_DAY)


def replace(store: tuple[Lake, sessionmaker[Session]], size: Size, account: str,
            window: DayRange, rows: Any) -> None:  # fmt: skip
    """Write a window's file and commit its segment."""
    lake, sessions = store
    with lake.new_file(
        workspace_id=1,
        table_id=size.table_id,
        account_id=account,
        account_name=account,
        inserted_at=datetime.now(UTC),
        date_field="date",
    ) as writer:
        writer.write(rows)
        staged = writer.finish()
    with transaction(sessions) as session:
        replace_window(
            session,
            table_id=size.table_id,
            workspace_id=1,
            account_id=account,
            days=window,
            staged=staged,
            run_id=None,
            state=SegmentState.PROVISIONAL,
        )


def fill(store: tuple[Lake, sessionmaker[Session]], size: Size, rows: Any) -> None:
    """Build a table, one file for each account and 30 days."""
    for number in range(size.accounts):
        for window, part in file_windows(size.days):
            replace(store, size, f"account-{number}", window, rows[part])


def timed_replacements(
    store: Store, size: Size, rows: Any, first: int, times: int
) -> Iterator[float]:
    """Replace the last days of one account after another; yields the milliseconds of each."""
    opened = store.open()
    window = DayRange(LAST_DAY - timedelta(days=WINDOW_DAYS - 1), LAST_DAY)
    fresh = rows[rows.num_rows - WINDOW_DAYS * ROWS_A_DAY :]
    for number in range(times + WARM_UP_TIMES):
        begin = time.perf_counter()
        replace(opened, size, f"account-{(first + number) % size.accounts}", window, fresh)
        if number >= WARM_UP_TIMES:
            yield (time.perf_counter() - begin) * 1000


def _one_process(work: tuple[Store, Any, int]) -> list[float]:
    store, rows, first = work
    return list(timed_replacements(store, LARGE, rows, first, 100))


def four_processes(store: Store, rows: Any) -> float:
    """Let four processes replace windows of their own accounts at once; the median ms of one."""
    last_days = rows[rows.num_rows - WINDOW_DAYS * ROWS_A_DAY :]
    with multiprocessing.get_context("spawn").Pool(4) as pool:
        found = pool.map(_one_process, [(store, last_days, 25 * number) for number in range(4)])
    return statistics.median(itertools.chain.from_iterable(found))


def side_by_side(
    interpreter: str, folder: Path, store: Store, rows: Any
) -> tuple[list[float], list[float]]:
    """Replace windows by turns with deltalake in another interpreter; ours and its milliseconds.

    By turns of `TURN_TIMES`, so that whatever else the machine does weighs on both, while each finds
    the caches as its own work leaves them. The first of each turn are not counted.
    """
    feather.write_feather(pa.Table.from_batches([rows]), str(folder / "rows.arrow"))
    script = str(Path(__file__).with_name("compare_delta.py"))
    shape = map(str, (LARGE.accounts, LARGE.days, ROWS_A_DAY, WINDOW_DAYS, FILE_DAYS))
    ours: list[float] = []
    theirs: list[float] = []
    with subprocess.Popen(
        [interpreter, script, str(folder), *shape],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    ) as reference:
        assert reference.stdin is not None
        assert reference.stdout is not None
        if reference.stdout.readline().strip() != "ready":
            raise SystemExit(f"{interpreter} could not build the reference table")
        for turn in range(BY_TURNS_TIMES // TURN_TIMES):
            first = turn * TURN_TIMES
            ours += timed_replacements(store, LARGE, rows, first, TURN_TIMES)
            for number in range(TURN_TIMES + WARM_UP_TIMES):
                reference.stdin.write("replace\n")
                reference.stdin.flush()
                milliseconds = float(reference.stdout.readline())
                if number >= WARM_UP_TIMES:
                    theirs.append(milliseconds)
        reference.stdin.close()
    return ours, theirs


def line(name: str, ours: str, reference: str = "-", ratio: str = "-") -> None:
    """Print one figure."""
    print(f"{name} | {ours} | {reference} | {ratio}", flush=True)


def main() -> None:
    """Build, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", help="an interpreter that has deltalake and pyarrow")
    parser.add_argument("--folder", help="where to build; default: the folder for temporary files")
    chosen = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="headrace-bench-", dir=chosen.folder))
    home.chmod(0o755)  # the database server runs as another user when started by root
    server, _ = embedded.start(home)
    try:
        measure(server, home, chosen.reference)
    finally:
        embedded.stop(server)
        shutil.rmtree(home, ignore_errors=True)


def measure(server: embedded.EmbeddedServer, home: Path, interpreter: str | None) -> None:
    """Measure on an empty database and folder."""
    store = Store(server.make_database("bench"), str(home / "lake"))
    Base.metadata.create_all(make_engine(store.database_url))
    rows = year_of_rows(LARGE.days)
    small_rows = rows[rows.num_rows - SMALL.days * ROWS_A_DAY :]
    for size, mine in ((SMALL, small_rows), (LARGE, rows)):
        begin = time.perf_counter()
        fill(store.open(), size, mine)
        line(f"fill a table of {size.rows:,} rows", f"{time.perf_counter() - begin:.1f} s")
    what = f"replace {WINDOW_DAYS} days of an account"
    by_turns = zip(
        timed_replacements(store, LARGE, rows, 0, BY_TURNS_TIMES),
        timed_replacements(store, SMALL, small_rows, 0, BY_TURNS_TIMES),
        strict=True,
    )
    large, small = map(statistics.median, zip(*by_turns, strict=True))
    line(
        f"{what}, {LARGE.rows:,} rows, by turns with {SMALL.rows:,} rows",
        f"{large:.1f} ms",
        f"{small:.1f} ms",
        f"{large / small:.2f} (at most 1.5)",
    )
    median = four_processes(store, rows)
    line(f"{what}, {LARGE.rows:,} rows, 4 processes at once", f"{median:.1f} ms, no conflict")
    if interpreter is None:
        print("no --reference interpreter: deltalake was not measured", file=sys.stderr)
        return
    ours, theirs = map(statistics.median, side_by_side(interpreter, home, store, rows))
    line(
        f"{what}, {LARGE.rows:,} rows, by turns with deltalake",
        f"{ours:.1f} ms",
        f"{theirs:.1f} ms",
        f"{theirs / ours:.1f} x faster (at least 10)",
    )


if __name__ == "__main__":
    main()
