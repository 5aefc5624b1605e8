"""Extraction from HTTP pages into the data table, beside dlt's `rest_api` into DuckDB.

The same page server, the same rows: ours from the first request to the commit that makes the window
live, dlt's from `pipeline.run` to its end. Each reads in a process of its own; CPU is that process's.
Medians of a few rounds are printed. Beside the CPU of a row stands what it takes in the same process
to decode the pages alone: on a shared machine both move together, by half within minutes.

    python -m bench.pipeline [--reference .venv-bench/bin/python] [--rows 1000000] [--rounds 3]
"""

import argparse
import json
import multiprocessing
import resource
import shutil
import statistics
import subprocess
import tempfile
import time
from dataclasses import asdict, dataclass
from multiprocessing.connection import Connection
from pathlib import Path
from typing import Any
from urllib.request import urlopen

from bench.extract import DAY, bench_access, bench_request, page_server
from headrace.connectors.sources.demo_ads import CONNECTOR
from headrace.connectors.sources.demo_ads.pages import page_decoder
from headrace.db import embedded
from headrace.db.engine import make_engine, session_maker, transaction
from headrace.db.migrating import migrate
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.table_store import Lake, SegmentState, replace_window

_SCRIPT = Path(__file__).parent / "compare_dlt_extract.py"
_DECODED_PAGES = 40


@dataclass(frozen=True)
class Cost:
    """What an extraction took; memory is the growth of the peak over the idle process.

    decode_us: microseconds of CPU a row to decode the pages and do no more.
    """

    seconds: float
    cpu_seconds: float
    peak_mb: float
    decode_us: float


def extract(database_url: str, lake_url: str, url: str, fields: tuple[str, ...]) -> Cost:
    """Read every page into one window of a data table."""
    sessions = session_maker(make_engine(database_url))
    lake = Lake.open(lake_url)
    idle = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    began, began_cpu = time.perf_counter(), time.process_time()
    writer = lake.new_file(
        workspace_id=1, table_id=1, account_id="bench", account_name="Bench",
        inserted_at=clock.now(), date_field="date",
    )  # fmt: skip
    with writer:
        for batch in CONNECTOR.read(bench_access(url), bench_request(fields)):
            writer.write(batch)
        staged = writer.finish()
    with transaction(sessions) as session:
        replace_window(
            session, table_id=1, workspace_id=1, account_id="bench", days=DayRange(DAY, DAY),
            staged=staged, run_id=None, state=SegmentState.FINAL,
        )  # fmt: skip
    seconds, cpu = time.perf_counter() - began, time.process_time() - began_cpu
    peak = resource.getrusage(resource.RUSAGE_SELF).ru_maxrss
    return Cost(seconds, cpu, (peak - idle) / 1024, _decode_us(url, fields))


def _decode_us(url: str, fields: tuple[str, ...]) -> float:
    """What the decoder alone takes for a row of the first pages."""
    decoder, bodies, cursor = page_decoder(fields), [], ""
    while len(bodies) < _DECODED_PAGES and cursor is not None:
        asked = f"?cursor={cursor}" if cursor else ""
        with urlopen(f"{url}/v1/accounts/bench/report{asked}") as answer:
            bodies.append(answer.read())
        cursor = json.loads(bodies[-1])["next_cursor"]
    began, rows = time.process_time(), 0
    for body in bodies:
        rows += len(decoder.decode(body).data)
    return (time.process_time() - began) * 1e6 / rows


def _child(told: Connection, *arguments: Any) -> None:
    told.send(asdict(extract(*arguments)))


def in_child(*arguments: Any) -> Cost:
    """Extract in a fresh process, so that its memory and CPU are its own."""
    context = multiprocessing.get_context("spawn")
    ours, theirs = context.Pipe()
    process = context.Process(target=_child, args=(theirs, *arguments))
    process.start()
    cost = Cost(**ours.recv())
    process.join()
    return cost


def main() -> None:
    """Serve, extract, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", help="an interpreter that has dlt with DuckDB")
    parser.add_argument("--rows", type=int, default=1_000_000)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    home.chmod(0o755)
    server, _ = embedded.start(home)
    try:
        migrate(make_engine(server.url(), pool_size=1))
        with page_server(asked.rows) as pages:
            costs = [
                in_child(server.url(), str(home / f"lake{number}"), pages.url, pages.fields)
                for number in range(asked.rounds)
            ]
            theirs = None
            if asked.reference:
                command = [asked.reference, str(_SCRIPT), pages.url, str(home / "dlt")]
                done = subprocess.run(command, check=True, capture_output=True, text=True)
                theirs = json.loads(done.stdout.splitlines()[-1])["seconds"]
        _print(asked.rows, costs, theirs)
    finally:
        embedded.stop(server)
        shutil.rmtree(home, ignore_errors=True)


def _print(rows: int, costs: list[Cost], theirs: float | None) -> None:
    name = f"extract {rows:,} rows x 30 fields into the data table"
    seconds = statistics.median(cost.seconds for cost in costs)
    reference = "-" if theirs is None else f"{theirs:.1f} s"
    ratio = "-" if theirs is None else f"{theirs / seconds:.1f} x faster (at least 5)"
    print(f"{name}, dlt rest_api into DuckDB | {seconds:.1f} s | {reference} | {ratio}")
    a_row = sorted(cost.cpu_seconds * 1e6 / rows for cost in costs)
    cpu, decode = statistics.median(a_row), statistics.median(cost.decode_us for cost in costs)
    print(
        f"{name}, CPU a row, decoding its page alone | {cpu:.1f} us | {decode:.1f} us "
        f"| {cpu / decode:.1f} times; {a_row[0]:.1f} to {a_row[-1]:.1f} us (at most 10 us)"
    )
    peak = max(cost.peak_mb for cost in costs)
    print(f"{name}, memory above idle | {peak:.0f} MB | - | (at most 400 MB)", flush=True)


if __name__ == "__main__":
    main()
