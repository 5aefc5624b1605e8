"""Runs: how soon they start, how many a second, and what one costs in CPU and memory.

Workers are processes of their own, as `headrace worker` makes them, on a PostgreSQL of their own.
The reference is the job engine alone, carrying out jobs that do nothing on as many threads. The aim,
half of its rate, stands beside the engine as its makers ship it: that is its own ceiling, by which it
was chosen. The engine as our workers set it is a further reference without an aim: it shows what the
settings win for the engine itself, and rises with each that is found, though no run then costs more.
Prints one line each: `name | ours | reference | ratio`.

    python -m bench.runs [--seconds 20] [--runs 3000] [--rounds 10] [--only latency,empty,cost,memory]
"""

import argparse
import base64
import multiprocessing
import secrets
import shutil
import statistics
import tempfile
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass, replace
from pathlib import Path
from typing import Any

import psycopg
from sqlalchemy import text

from bench.processes import cpu_seconds, memory_mb, postgres_cpu_seconds
from bench.runs_extracts import extracts_of_100_rows, free_port, network, unfinished, with_network
from bench.runs_worker import (
    EMPTY,
    NOTHING,
    WAITING,
    carry_out_nothing,
    carry_out_nothing_as_it_comes,
    work,
)
from headrace.access.authentication import server_scope
from headrace.db import embedded
from headrace.db.embedded import EmbeddedServer
from headrace.db.engine import make_engine, plain_dsn, transaction
from headrace.db.migrating import migrate
from headrace.jobs import port
from headrace.kit.outbound import OutboundHttp
from headrace.rest.resources import Resources, open_resources
from headrace.runs import service
from headrace.runs.service import NewRun
from headrace.settings import Settings, load_settings
from headrace.tenancy.models import Agency, Workspace

WORKSPACES = 200
A_SECOND = 50
WAITING_RUNS = 200
EMPTY_ROUNDS = 3
AS_IT_COMES = "as it comes"
_WARM_UP = 2
_PATIENCE_SECONDS = 300.0


@dataclass
class Place:
    """A database of its own, and what a process needs to work with it."""

    server: EmbeddedServer
    url: str
    settings: Settings
    resources: Resources
    workspaces: list[int]

    def count(self, condition: str) -> int:
        """How many runs meet a condition."""
        with transaction(self.resources.sessions) as session:
            return int(session.scalar(text(f"SELECT count(*) FROM run WHERE {condition}")) or 0)

    def at_network(self, url: str) -> "Place":
        """The same, with the demo network at an address."""
        settings = with_network(self.settings, url)
        policy = settings.outbound_policy
        resources = replace(
            self.resources, settings=settings, policy=policy, http=OutboundHttp(policy)
        )
        return replace(self, settings=settings, resources=resources)

    def ask(self, statement: str) -> Any:
        """The first value of a statement's answer."""
        with transaction(self.resources.sessions) as session:
            return session.scalar(text(statement))

    def analyze(self) -> None:
        """Let the planner know what is there."""
        with psycopg.connect(plain_dsn(self.url), autocommit=True) as owner:
            owner.execute("ANALYZE")

    def wait_until(self, condition: str, number: int) -> None:
        """Wait until so many runs meet a condition."""
        deadline = time.monotonic() + _PATIENCE_SECONDS
        while (found := self.count(condition)) < number:
            assert time.monotonic() < deadline, f"only {found} of {number} runs: {condition}"
            time.sleep(0.2)

    def clear(self) -> None:
        """Forget every run."""
        with transaction(self.resources.sessions) as session:
            session.execute(text("DELETE FROM run"))

    def start(self, kind: str, first: int, count: int) -> None:
        """Ask for runs of so many subjects in one transaction, of all workspaces in turn."""
        with transaction(self.resources.sessions) as session:
            for number in range(first, first + count):
                scope = server_scope(session, self.workspaces[number % WORKSPACES])
                new = NewRun(kind, str(number), f"bench:{number}", "manual")
                service.start(session, scope, new)


@contextmanager
def a_place(home: Path) -> Iterator[Place]:
    """Make a database, and workspaces in it."""
    server, _ = embedded.start(home)
    try:
        url = server.url()
        engine = make_engine(url)
        migrate(engine)
        engine.dispose()
        settings = load_settings(
            home=home,
            database_url=url,
            secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            allowed_private_hosts=["127.0.0.0/8"],
            rate_limit_per_minute=0,
            log_level="error",
        )
        resources = open_resources(settings, url, threads=4)
        yield Place(server, url, settings, resources, _new_workspaces(resources))
        resources.engine.dispose()
    finally:
        embedded.stop(server)


def _new_workspaces(resources: Resources) -> list[int]:
    with transaction(resources.sessions) as session:
        agency = Agency(title="bench")
        session.add(agency)
        session.flush()
        made = [Workspace(agency_id=agency.id, title=f"w{n}") for n in range(WORKSPACES)]
        session.add_all(made)
        session.flush()
        return [workspace.id for workspace in made]


@contextmanager
def workers(place: Place, count: int, target: Any = work) -> Iterator[list[int]]:
    """Run worker processes; gives their ids once they work."""
    context = multiprocessing.get_context("spawn")
    processes = [
        context.Process(target=target, args=(place.settings, place.url)) for _ in range(count)
    ]
    for process in processes:
        process.start()
    try:
        while int(place.ask("SELECT count(*) FROM procrastinate_workers")) < count:
            time.sleep(0.05)
        time.sleep(1)
        yield [process.pid or 0 for process in processes]
    finally:
        for process in processes:
            process.terminate()
        for process in processes:
            process.join(60)
        place.ask("WITH gone AS (DELETE FROM procrastinate_workers RETURNING 1) SELECT 1 FROM gone")


def latency(place: Place, processes: int, seconds: int) -> list[float]:
    """Seconds from due to started, at fifty runs a second."""
    count = A_SECOND * seconds
    with workers(place, processes):
        began = time.perf_counter()
        for number in range(count):
            time.sleep(max(0.0, began + number / A_SECOND - time.perf_counter()))
            place.start(EMPTY, number, 1)
        place.wait_until("status = 'succeeded'", count)
    with transaction(place.resources.sessions) as session:
        found = session.scalars(text("SELECT extract(epoch FROM started_at - due_at) FROM run"))
        waits = [float(wait) for wait in found]
    place.clear()
    return waits


def empty_runs(place: Place, count: int) -> tuple[float, float, float]:
    """Empty runs a second of one worker, and milliseconds of CPU each: worker's, database's."""
    for first in range(0, count, 500):
        place.start(EMPTY, first, min(500, count - first))
    place.analyze()
    with workers(place, 1) as (pid,):
        own, database = cpu_seconds(pid), postgres_cpu_seconds(place.server)
        place.wait_until("status = 'succeeded'", count)
        own, database = cpu_seconds(pid) - own, postgres_cpu_seconds(place.server) - database
    took = place.ask("SELECT extract(epoch FROM max(finished_at) - min(started_at)) FROM run")
    # What ended before the first look at the CPU is not in its count, and is little.
    place.clear()
    return count / float(took), own / count * 1000, database / count * 1000


def empty_jobs(place: Place, count: int, engine: Any) -> float:
    """Jobs a second of the job engine alone, on as many threads, that do nothing.

    engine: what its process does.
    """
    with transaction(place.resources.sessions) as session:
        port.defer(session, NOTHING, [{"number": number} for number in range(count)])
    left = "SELECT count(*) FROM procrastinate_jobs"
    with workers(place, 1, engine):
        first, began = int(place.ask(left)), time.perf_counter()
        while (now := int(place.ask(left))) > 0:
            time.sleep(0.05)
        seconds = time.perf_counter() - began
    return (first - now) / seconds


def cost(place: Place, rounds: int) -> tuple[float, float, float, float]:
    """CPU of a run that reads a window of 100 rows: ms of worker and database, runs/s, rows a run."""
    with (
        network(free_port()) as url,
        extracts_of_100_rows(place.at_network(url).resources) as extracts,
        workers(place.at_network(url), 1) as (pid,),
    ):
        for _ in range(_WARM_UP):  # readers start once and last: what that costs is no run's
            _rest(place)
            extracts.run_once()
        _rest(place)
        before = place.count("status = 'succeeded'")
        own, database = cpu_seconds(pid), postgres_cpu_seconds(place.server)
        began = time.perf_counter()
        for number in range(rounds):
            extracts.run_once()
            place.wait_until("status = 'succeeded'", before + (number + 1) * extracts.number)
        seconds = time.perf_counter() - began
        own, database = cpu_seconds(pid) - own, postgres_cpu_seconds(place.server) - database
    count = rounds * extracts.number
    rows = place.ask(f"SELECT avg(rows_read) FROM (SELECT rows_read FROM run ORDER BY id DESC "
                     f"LIMIT {count}) AS last")  # fmt: skip
    place.clear()
    return own / count * 1000, database / count * 1000, count / seconds, float(rows)


def _rest(place: Place) -> None:
    while unfinished(place.resources):
        time.sleep(0.5)


def memory(place: Place) -> tuple[float, float]:
    """Megabytes by which a worker grows with 200 runs that wait; kilobytes each in the database."""
    with workers(place, 1) as (pid,):
        place.start(EMPTY, 0, WAITING_RUNS)
        place.wait_until("status = 'succeeded'", WAITING_RUNS)
        before = memory_mb(pid)
        place.start(WAITING, 0, WAITING_RUNS)
        place.wait_until("status = 'waiting' AND fence > 0", WAITING_RUNS)
        after = memory_mb(pid)
    size = place.ask("SELECT sum(pg_column_size(run)) FROM run WHERE status = 'waiting'")
    place.clear()
    return after - before, float(size) / WAITING_RUNS / 1024


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def say(name: str, ours: str, reference: str = "-", ratio: str = "-") -> None:
    print(f"{name} | {ours} | {reference} | {ratio}", flush=True)


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--runs", type=int, default=3000)
    parser.add_argument("--rounds", type=int, default=10)
    parser.add_argument("--only", default="latency,empty,cost,memory")
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    home.chmod(0o755)
    try:
        with a_place(home) as place:
            measure(place, asked)
    finally:
        shutil.rmtree(home, ignore_errors=True)


def _measure_empty(place: Place, count: int) -> None:
    """By turns, since the speed of a shared machine moves; medians are printed."""
    engines = {AS_IT_COMES: carry_out_nothing_as_it_comes, "as workers set it": carry_out_nothing}
    ours: list[tuple[float, float, float]] = []
    theirs: dict[str, list[float]] = {name: [] for name in engines}
    for _ in range(EMPTY_ROUNDS):
        ours.append(empty_runs(place, count))
        for name, engine in engines.items():
            theirs[name].append(empty_jobs(place, count, engine))
    mine, own, database = (statistics.median(figures) for figures in zip(*ours, strict=True))
    for name, figures in theirs.items():
        reference = statistics.median(figures)
        aim = " (at least 0.5)" if name == AS_IT_COMES else ""
        say(f"empty runs, one worker, the job engine's empty jobs {name}", f"{mine:.0f}/s",
            f"{reference:.0f}/s", f"{mine / reference:.2f}{aim}")  # fmt: skip
    say("the same: CPU a run", f"worker {own:.1f} ms, database {database:.1f} ms")


def measure(place: Place, asked: argparse.Namespace) -> None:
    parts = asked.only.split(",")
    if "latency" in parts:
        for processes in (1, 2):
            waits = latency(place, processes, asked.seconds)
            p50, p99 = (percentile(waits, share) * 1000 for share in (0.5, 0.99))
            say(f"due to started, {A_SECOND} runs/s, {processes} worker process(es)",
                f"p50 {p50:.0f} ms, p99 {p99:.0f} ms")  # fmt: skip
    if "empty" in parts:
        _measure_empty(place, asked.runs)
    if "cost" in parts:
        own, database, a_second, rows = cost(place, asked.rounds)
        say(f"run of a window of {rows:.0f} rows: CPU",
            f"worker {own:.1f} ms, database {database:.1f} ms")  # fmt: skip
        say("the same: runs a second of one worker", f"{a_second:.1f}/s")
    if "memory" in parts:
        grown, kilobytes = memory(place)
        say(f"worker's memory with {WAITING_RUNS} waiting runs, above none",
            f"{grown:.1f} MB", "-", f"{kilobytes:.1f} kB each in the database")  # fmt: skip


if __name__ == "__main__":
    main()
