"""Speed and memory of loading into PostgreSQL, against server-side COPY and dlt.

Generates rows once as Parquet, loads them into an embedded PostgreSQL with the postgre_sql loader,
and does the same with `COPY ... FROM` of a file prepared in PostgreSQL's own binary format, read by
the server itself. Where a reference interpreter with `dlt[postgres]` and `adbc-driver-postgresql`
is given, dlt appends and upserts the same rows. Rounds of the parts alternate; medians are printed,
one line each: `name | ours | reference | ratio`. What the server's own COPY gains over dlt stands
beside it: a load of one transaction goes through one session, and cannot well be faster than that.

    python bench/load.py [--reference .venv-bench/bin/python] [--rows 5000000] [--rounds 3]
"""

import argparse
import json
import multiprocessing
import statistics
import subprocess
import tempfile
import time
from collections.abc import Callable, Iterator
from dataclasses import dataclass
from datetime import UTC, date, datetime, timedelta
from pathlib import Path
from urllib.parse import urlsplit

import duckdb
import psycopg
import pyarrow as pa
import pyarrow.parquet as pq

from headrace.db import embedded
from headrace.kit.columns import Column, ColumnType, arrow_schema
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundPolicy
from headrace.loaders.contract import Access, Append, TargetTable, Unit, Upsert
from headrace.loaders.registry import loaders

ROWS_A_DAY = 25_000
UPSERT_ROWS = 500_000
BATCH_ROWS = 50_000
FIRST_DAY = date(2024, 1, 1)
INSERTED_AT = datetime(2026, 1, 1, tzinfo=UTC)
ACCOUNT = "act_1"
COMPARE_DLT = Path(__file__).with_name("compare_dlt_load.py")

_STRING, _DECIMAL = ColumnType.STRING, ColumnType.DECIMAL
TABLE = TargetTable(
    name="bench_ads",
    columns=(
        Column("account_id", _STRING),
        Column("account_name", _STRING),
        Column("__insert_date", ColumnType.DATETIME),
        Column("date", ColumnType.DATE),
        Column("campaign_id", _STRING),
        Column("campaign_name", _STRING),
        Column("ad_id", _STRING),
        Column("ad_name", _STRING),
        Column("country", _STRING),
        Column("impressions", ColumnType.INTEGER),
        Column("clicks", ColumnType.INTEGER),
        Column("spend", _DECIMAL),
        Column("conversions", _DECIMAL),
        Column("ctr", ColumnType.FLOAT),
        Column("active", ColumnType.BOOLEAN),
    ),
    key=("ad_id",),
    date_column="date",
)


@dataclass(frozen=True)
class Done:
    """One part carried out: how long it took, and how far memory rose above the start."""

    seconds: float
    peak_mb: float


def generate(file: Path, rows: str) -> None:
    """Write rows to Parquet. `rows` is SQL that gives `i`, `clicks_more` and `ad_prefix`."""
    query = f"""
        SELECT '{ACCOUNT}' account_id, 'Account number one' account_name,
            TIMESTAMPTZ '{INSERTED_AT.isoformat()}' "__insert_date",
            CAST(DATE '{FIRST_DAY}' + CAST(i // {ROWS_A_DAY} AS INTEGER) AS DATE) "date",
            CAST(12345000 + i % 500 AS VARCHAR) campaign_id,
            'Campaign name ' || (i % 500) campaign_name,
            ad_prefix || CAST(9876543210000000 + i AS VARCHAR) ad_id,
            'An ad with some name ' || (i % {ROWS_A_DAY}) ad_name,
            ['US', 'DE', 'FR', 'GB'][1 + i % 4] country,
            CAST(hash(i) % 100000 AS BIGINT) impressions,
            CAST(hash(i) % 2000 + clicks_more AS BIGINT) clicks,
            CAST(CAST(hash(i + 1) % 100000000 AS DECIMAL(18, 0)) / 100 AS DECIMAL(38, 9)) spend,
            CAST(hash(i + 2) % 1000 AS DECIMAL(38, 9)) conversions,
            CAST(hash(i + 3) % 100000 AS DOUBLE) / 100000 ctr,
            i % 2 = 0 active
        FROM ({rows})
    """
    schema = arrow_schema(list(TABLE.columns))
    with duckdb.connect() as connection, pq.ParquetWriter(file, schema) as writer:
        for batch in connection.sql(query).to_arrow_reader(BATCH_ROWS):
            columns = [
                column.cast(field.type) for column, field in zip(batch.columns, schema, strict=True)
            ]
            writer.write_batch(pa.RecordBatch.from_arrays(columns, schema=schema))


def opened(file: Path) -> Iterator[pa.RecordBatch]:
    """The rows of a file as the table store would hand them on."""
    with pq.ParquetFile(file) as parquet:
        yield from parquet.iter_batches(BATCH_ROWS)


def unit_of(mode: str, file: Path, days: DayRange | None) -> Unit:
    if mode == "append":
        return Append(ACCOUNT, INSERTED_AT, None, lambda: opened(file))
    return Upsert(ACCOUNT, days, lambda: opened(file))


def load(url: str, mode: str, file: Path, days: DayRange | None) -> Done:
    """Carry out one unit with the loader; run in a process of its own."""
    parts = urlsplit(url)
    params = {
        "host": parts.hostname,
        "port": parts.port,
        "database": parts.path[1:],
        "user": parts.username,
        "password": parts.password,
    }
    access = Access(params, OutboundPolicy(frozenset({"127.0.0.1"})))
    loader = loaders()["postgre_sql"]
    before = _memory_mb("VmRSS")
    begin = time.perf_counter()
    list(loader.write(access, TABLE, [unit_of(mode, file, days)]))
    seconds = time.perf_counter() - begin
    return Done(seconds, _memory_mb("VmHWM") - before)


def _memory_mb(entry: str) -> float:
    """Read this process's memory from Linux: `VmRSS` now, `VmHWM` at its highest.

    `getrusage` would count the parent's memory at the moment of the fork, too.
    """
    status = Path("/proc/self/status").read_text()
    return next(int(row.split()[1]) / 1024 for row in status.splitlines() if entry in row)


class Bench:
    """The server, the files, and the parts that are measured."""

    def __init__(self, folder: Path, rows: int, reference: str | None) -> None:
        self.folder = folder
        self.reference = reference
        server, _ = embedded.start(folder / "home")
        self.server = server
        self.url = server.make_database("bench").replace("+psycopg", "")
        self.dsn = psycopg.connect(self.url, autocommit=True)
        self.rows_file = folder / "rows.parquet"
        self.upsert_file = folder / "upsert.parquet"
        self.binary_file = folder / "rows.bin"
        last = rows // ROWS_A_DAY - 1
        days = UPSERT_ROWS // 2 // ROWS_A_DAY
        first_row = (last - days + 1) * ROWS_A_DAY
        self.days = DayRange(
            FIRST_DAY + timedelta(days=last - days + 1), FIRST_DAY + timedelta(days=last)
        )
        generate(self.rows_file, f"SELECT i, 0 clicks_more, '' ad_prefix FROM range({rows}) t(i)")
        changed = f"FROM range({first_row}, {rows}) t(i)"
        generate(
            self.upsert_file,
            f"SELECT i, 1 clicks_more, '' ad_prefix {changed}"
            f" UNION ALL SELECT i, 0 clicks_more, 'new' ad_prefix {changed}",
        )

    def sql(self, statement: str) -> float:
        """Run one statement and return its seconds."""
        begin = time.perf_counter()
        self.dsn.execute(statement.encode())
        return time.perf_counter() - begin

    def empty(self) -> None:
        """Put an empty table where one was, on a quiet server."""
        self.sql(f"CREATE TABLE IF NOT EXISTS {TABLE.name}_like (LIKE {TABLE.name})")
        self.sql(f"DROP TABLE IF EXISTS {TABLE.name}")
        self.sql(f"CREATE TABLE {TABLE.name} (LIKE {TABLE.name}_like)")
        self.sql("CHECKPOINT")

    def ours(self, mode: str, file: Path, days: DayRange | None = None) -> Done:
        """Load in a fresh process, so that its memory is only the load's."""
        with multiprocessing.get_context("spawn").Pool(1) as pool:
            return pool.apply(load, (self.url, mode, file, days))

    def dlt(self, mode: str, file: Path) -> float:
        """Let dlt do the same in the reference interpreter; it prints its seconds."""
        assert self.reference is not None
        command = [self.reference, str(COMPARE_DLT), mode, self.url, str(file), str(self.folder)]
        output = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True).stdout
        return float(json.loads(output.splitlines()[-1])["seconds"])

    def append(self, rounds: int) -> None:
        """Append all rows: ours, the server's own COPY, and dlt."""
        self.ours("append", self.rows_file)
        self.sql(f"COPY {TABLE.name} TO '{self.binary_file}' (FORMAT binary)")
        ours, copies, dlts = [], [], []
        for number in range(rounds):
            parts: list[Callable[[], None]] = [
                lambda: ours.append(self.ours("append", self.rows_file)),
                lambda: copies.append(
                    self.sql(f"COPY {TABLE.name} FROM '{self.binary_file}' (FORMAT binary)")
                ),
            ]
            for part in parts if number % 2 == 0 else reversed(parts):
                self.empty()
                part()
            if self.reference:  # in every round: the speed of a shared machine moves
                self.sql("DROP SCHEMA IF EXISTS dlt_append CASCADE")
                self.sql("CHECKPOINT")
                dlts.append(self.dlt("append", self.rows_file))
        seconds, copy = statistics.median(done.seconds for done in ours), statistics.median(copies)
        line("append to PostgreSQL, server-side COPY", seconds, copy)
        if dlts:
            reference = statistics.median(dlts)
            line("append to PostgreSQL, dlt with Parquet", seconds, reference)
            line("beside it: server-side COPY, dlt with Parquet", copy, reference)
        print(f"append, peak memory above start | {max(d.peak_mb for d in ours):.0f} MB | 400 MB |")

    def upsert(self, rounds: int) -> None:
        """Upsert rows of which half are new and half have changed."""
        ours, dlts = [], []
        if self.reference:
            self.sql("DROP SCHEMA IF EXISTS dlt_upsert CASCADE")
            self.dlt("prepare", self.upsert_file)
        for _ in range(rounds):
            self.fill()
            ours.append(self.ours("upsert", self.upsert_file, self.days))
            if self.reference:  # in every round, as when appending
                dlts.append(self._dlt_upsert())
        seconds = statistics.median(done.seconds for done in ours)
        if dlts:
            line("upsert into PostgreSQL, dlt upsert", seconds, statistics.median(dlts))
        else:
            print(f"upsert into PostgreSQL | {seconds:.2f} s | - | -")
        print(f"upsert, peak memory above start | {max(d.peak_mb for d in ours):.0f} MB | 400 MB |")

    def fill(self) -> None:
        """Put a table with all rows where one was, on a quiet server."""
        self.empty()
        self.sql(f"COPY {TABLE.name} FROM '{self.binary_file}' (FORMAT binary)")
        self.sql(f"VACUUM ANALYZE {TABLE.name}")
        self.sql("CHECKPOINT")

    def _dlt_upsert(self) -> float:
        """Fill the table that dlt made itself with the same rows, and let it upsert."""
        self.fill()
        self.sql("TRUNCATE dlt_upsert.bench_ads")
        self.sql(
            f"INSERT INTO dlt_upsert.bench_ads SELECT *, 'first', md5(ad_id) FROM {TABLE.name}"
        )
        self.sql("VACUUM ANALYZE dlt_upsert.bench_ads")
        self.sql("CHECKPOINT")
        return self.dlt("upsert", self.upsert_file)


def line(name: str, ours: float, reference: float) -> None:
    """Print one comparison; the ratio says how many times the reference's speed ours has."""
    print(f"{name} | {ours:.2f} s | {reference:.2f} s | {reference / ours:.2f}", flush=True)


def main() -> None:
    """Generate, measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", help="an interpreter that has dlt")
    parser.add_argument("--rows", type=int, default=5_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    options = parser.parse_args()
    with tempfile.TemporaryDirectory(prefix="headrace-bench-") as name:
        folder = Path(name)
        folder.chmod(0o777)  # the server, which may be another user, writes and reads a file in it
        bench = Bench(folder, options.rows, options.reference)
        try:
            bench.append(options.rounds)
            bench.upsert(options.rounds)
        finally:
            bench.dsn.close()
            embedded.stop(bench.server)


if __name__ == "__main__":
    main()
