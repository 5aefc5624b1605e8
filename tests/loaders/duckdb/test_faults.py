"""Loads into a DuckDB file that is locked, full, closed or not only ours."""

import os
import subprocess
import sys
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from datetime import UTC, date, datetime
from pathlib import Path
from typing import Any

import duckdb
import pyarrow as pa
import pytest

from contract.loader_cases import batches, sorted_rows
from contract.nasty_rows import Row
from headrace.kit.columns import Column, ColumnType
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Refused, TryLater
from headrace.loaders.contract import Access, Append, Full, TargetTable, Unit, Upsert, Window
from headrace.loaders.targets.duckdb import LOADER, engine
from headrace.loaders.targets.duckdb.engine import opened
from loaders.duckdb.loader_case import access_of, leftovers, read_rows

INSERTED = datetime(2026, 1, 2, tzinfo=UTC)
DAYS = DayRange(date(2026, 1, 1), date(2026, 1, 31))
TABLE = TargetTable(
    "ads",
    (
        Column("account_id", ColumnType.STRING),
        Column("__insert_date", ColumnType.DATETIME),
        Column("date", ColumnType.DATE),
        Column("id", ColumnType.STRING),
        Column("n", ColumnType.INTEGER),
    ),
    key=("id",),
    date_column="date",
)


def row(number: int, n: int = 0, account: str = "one") -> Row:
    day = date(2026, 1, 1 + number % 31)
    return {
        "account_id": account,
        "__insert_date": INSERTED,
        "date": day,
        "id": str(number),
        "n": n,
    }


@pytest.fixture
def file(tmp_path: Path) -> Path:
    folder = tmp_path / "opened"
    folder.mkdir()
    return folder / "ads.duckdb"


def access(file: Path) -> Access:
    return access_of(file.parent, file.name)


def write(file: Path, *units: Unit) -> None:
    list(LOADER.write(access(file), TABLE, units))


def full(*rows: Row) -> Full:
    return Full(batches(TABLE, rows))


def rows_in(file: Path) -> list[dict[str, Any]]:
    return read_rows(file, TABLE)


@contextmanager
def held_open(file: Path) -> Iterator[None]:
    """Another process with the file open for writing."""
    program = (
        "import duckdb, sys; c = duckdb.connect(sys.argv[1]); print('up', flush=True); input()"
    )
    command = [sys.executable, "-c", program, str(file)]
    with subprocess.Popen(command, stdin=subprocess.PIPE, stdout=subprocess.PIPE) as other:
        assert other.stdout is not None
        assert other.stdout.readline() == b"up\n"
        yield
        other.communicate(b"\n")


def test_a_file_open_elsewhere_is_tried_later(file: Path) -> None:  # F24
    write(file, full(row(1)))
    with held_open(file):
        with pytest.raises(TryLater, match="another program"):
            LOADER.check(access(file))
        with pytest.raises(TryLater, match="another program"):
            write(file, full(row(2)))
    write(file, Window("one", DAYS, batches(TABLE, [row(3)])))
    assert rows_in(file) == [row(3)]


@contextmanager
def as_plain_user() -> Iterator[None]:
    """Root may write anywhere, so as root the block runs as nobody."""
    if os.geteuid() != 0:
        yield
        return
    os.seteuid(65534)
    try:
        yield
    finally:
        os.seteuid(0)


def test_a_read_only_file_or_folder_is_refused(file: Path) -> None:
    write(file, full(row(1)))
    for folder in (file.parent, *file.parent.parents):
        if folder.owner() == file.owner() and folder != Path("/"):
            folder.chmod(folder.stat().st_mode | 0o055)
    file.chmod(0o444)
    file.parent.chmod(0o555)
    with as_plain_user():
        for path in ("ads.duckdb", "new.duckdb", "sub/new.duckdb"):
            closed = access_of(file.parent, path)
            with pytest.raises(Refused, match="may not be written"):
                LOADER.check(closed)
            with pytest.raises(Refused, match="may not be written"):
                list(LOADER.write(closed, TABLE, [full(row(2))]))
    file.parent.chmod(0o755)
    file.chmod(0o644)
    assert rows_in(file) == [row(1)]


_FULL_DISK = """
import resource, signal, sys
from datetime import date
from pathlib import Path
sys.path.insert(0, sys.argv[2])
from loaders.duckdb.test_faults import DAYS, TABLE, Full, batches, row, write
from headrace.kit.outcomes import TryLater
signal.signal(signal.SIGXFSZ, signal.SIG_IGN)
resource.setrlimit(resource.RLIMIT_FSIZE, (1_000_000, 1_000_000))
many = [row(number) for number in range(200_000)]
try:
    write(Path(sys.argv[1]), Full(batches(TABLE, many)))
except TryLater as error:
    print(error)
"""


def test_a_full_disk_is_told_and_nothing_is_lost(file: Path) -> None:  # F20
    before = [row(number) for number in range(1_000)]
    write(file, full(*before))
    tests = str(Path(__file__).parents[2])
    done = subprocess.run(
        [sys.executable, "-c", _FULL_DISK, str(file), tests],
        capture_output=True,
        text=True,
        check=True,
    )
    assert "disk is full" in done.stdout
    assert sorted_rows(rows_in(file)) == sorted_rows(before)
    write(file, full(row(1)))
    assert rows_in(file) == [row(1)]
    assert leftovers(file, [TABLE]) == []


def test_the_engine_reaches_nothing_but_its_file(file: Path, tmp_path: Path) -> None:  # S79
    other = tmp_path / "secret.csv"
    other.write_text("a,b\n1,2\n")
    with opened(file) as connection:
        for statement in (
            f"SELECT * FROM read_csv('{other}')",
            f"ATTACH '{tmp_path / 'other.duckdb'}'",
            f"COPY (SELECT 1) TO '{tmp_path / 'out.csv'}'",
            "INSTALL httpfs",
            "LOAD httpfs",
            "SET enable_external_access = true",
            "SET memory_limit = '10GB'",
        ):
            with pytest.raises(duckdb.Error):
                connection.execute(statement)
        limits = connection.execute(
            "SELECT current_setting('threads'), current_setting('memory_limit')"
        ).fetchone()
    assert limits == (2, "244.1 MiB")
    assert sorted(path.name for path in tmp_path.iterdir()) == ["opened", "secret.csv"]


def test_check_makes_nothing(file: Path) -> None:
    LOADER.check(access_of(file.parent, "deeper/down/ads.duckdb"))
    assert list(file.parent.iterdir()) == []


def test_folders_on_the_way_are_made(file: Path) -> None:
    deep = access_of(file.parent, "deeper/down/ads.duckdb")
    list(LOADER.write(deep, TABLE, [full(row(1))]))
    assert read_rows(file.parent / "deeper/down/ads.duckdb", TABLE) == [row(1)]


def test_writers_of_one_process_take_turns(file: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    reached, go_on = threading.Event(), threading.Event()

    def slow() -> Iterator[pa.RecordBatch]:
        reached.set()
        go_on.wait()
        yield from batches(TABLE, [row(1)])()

    first = threading.Thread(target=write, args=(file, Window("one", DAYS, slow)))
    first.start()
    reached.wait()
    second_unit = Window("two", DAYS, batches(TABLE, [row(2, account="two")]))
    with monkeypatch.context() as patch:
        patch.setattr(engine, "LOCK_SECONDS", 0.1)
        with pytest.raises(TryLater, match="another load"):
            write(file, second_unit)
    second = threading.Thread(target=write, args=(file, second_unit))
    second.start()
    go_on.set()
    first.join()
    second.join()
    assert sorted_rows(rows_in(file)) == sorted_rows([row(1), row(2, account="two")])


def test_readers_see_old_or_new(file: Path) -> None:  # F25
    old = [row(number, 1) for number in range(3_000)]
    write(file, full(*old))
    stop = threading.Event()
    seen: list[tuple[Any, ...]] = []
    failures: list[Exception] = []

    def poll() -> None:
        try:
            with opened(file) as connection:
                while not stop.is_set():
                    seen.extend(
                        connection.execute("SELECT count(*), min(n), max(n) FROM ads").fetchall()
                    )
        except Exception as error:  # noqa: BLE001 - shown by the assertion below
            failures.append(error)

    reader = threading.Thread(target=poll)
    reader.start()
    try:
        for n in range(2, 12):
            opened_rows = batches(TABLE, [row(number, n) for number in range(3_000)])
            write(file, Full(opened_rows) if n % 2 else Window("one", DAYS, opened_rows))
    finally:
        stop.set()
        reader.join()
    assert not failures
    assert {count for count, _, _ in seen} == {3_000}
    assert all(least == most for _, least, most in seen)


def test_full_loads_do_not_let_the_file_grow(file: Path) -> None:
    rows = [row(number, number) for number in range(200_000)]
    sizes = []
    for _ in range(6):
        write(file, full(*rows))
        sizes.append(file.stat().st_size)
    assert max(sizes) <= 3 * sizes[0]


def test_what_the_user_made_of_the_table_stays(file: Path) -> None:
    write(file, full(row(1, 1), row(2, 1)))
    with opened(file) as connection:
        connection.execute("COMMENT ON TABLE ads IS 'mine'")
        connection.execute("ALTER TABLE ads ADD COLUMN note VARCHAR")
        connection.execute("UPDATE ads SET note = 'on ' || id")
        connection.execute("CREATE VIEW seen AS SELECT id, n, note FROM ads")
    write(file, Upsert("one", DAYS, batches(TABLE, [row(1, 2), row(3, 1)])))
    with opened(file) as connection:
        found = connection.execute("SELECT * FROM seen ORDER BY id").fetchall()
        comment = connection.execute("SELECT comment FROM duckdb_tables()").fetchall()
    assert found == [("1", 2, "on 1"), ("3", 1, None)]
    assert comment == [("mine",)]


def test_a_column_that_cannot_take_the_values_is_named(file: Path) -> None:
    for found in ("INTEGER", "DECIMAL(10,2)", "TIMESTAMP", "JSON", "BIGINT[]", "UUID"):
        with opened(file) as connection:
            connection.execute(f"CREATE OR REPLACE TABLE ads (n {found})")
        for unit in (full(row(1)), Upsert("one", DAYS, batches(TABLE, [row(1)]))):
            with pytest.raises(Refused, match=r"'n'.*BIGINT"):
                write(file, unit)


def test_a_view_is_refused(file: Path) -> None:
    with opened(file) as connection:
        connection.execute("CREATE VIEW ads AS SELECT 1 AS n")
    with pytest.raises(Refused, match="not a table"):
        write(file, full(row(1)))


def test_no_units_make_an_empty_table(file: Path) -> None:
    write(file)
    with opened(file) as connection:
        assert connection.execute("SELECT count(*) FROM ads").fetchall() == [(0,)]


def test_an_upsert_touches_only_rows_that_differ(file: Path) -> None:
    write(file, full(row(1, 1), row(2, 1), row(3, 1)))
    unit = Upsert("one", DAYS, batches(TABLE, [row(1, 1), row(2, 2), row(4, 1)]))
    changed = [(done.rows_written, done.rows_deleted) for done in _delivered(file, unit, unit)]
    assert changed == [(2, 1), (0, 0)]


def _delivered(file: Path, *units: Unit) -> list[Any]:
    return list(LOADER.write(access(file), TABLE, units))


def test_text_with_nul_characters_arrives(file: Path) -> None:
    table = TargetTable("texts", (*TABLE.columns[:4], Column("text", ColumnType.STRING)))
    rows = [{**row(1), "text": "a\0b"}]
    del rows[0]["n"]
    unit = Append("one", INSERTED, None, batches(table, rows))
    list(LOADER.write(access(file), table, [unit]))
    assert read_rows(file, table) == rows
