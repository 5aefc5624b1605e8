"""A noisy neighbour: how long another workspace's single run waits behind ten thousand of one.

A worker of four threads carries out runs that take half a second each, through the job engine and a
scheduler as in `headrace worker`. The delay is from the single run's request to the moment at which a
thread takes it; it should be at most one run's length, however long the other queue is. The
reference is the same where nobody else has any.
Prints one line: `name | ours | reference | ratio`.

    python -m bench.fairness [--runs 10000] [--rounds 8]
"""

import argparse
import asyncio
import base64
import secrets
import statistics
import tempfile
import threading
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import select

from bench.own_server import own_server
from headrace.access.authentication import server_scope
from headrace.db.engine import transaction
from headrace.jobs import engine as jobs
from headrace.kit import clock
from headrace.rest.resources import Resources, open_resources
from headrace.runs import kinds, scheduling, service
from headrace.runs import tasks as run_tasks
from headrace.runs.context import RunContext
from headrace.runs.models import Run
from headrace.runs.service import NewRun
from headrace.settings import load_settings
from headrace.tenancy.models import Agency, Workspace
from headrace.tenancy.scope import WorkspaceScope

KIND = "bench"
THREADS = 4
RUN_SECONDS = 0.5


def carry_out(context: RunContext) -> None:
    """Take half a second, then end well."""
    clock.sleep(RUN_SECONDS)
    with context.step() as session:
        service.succeed(context.hold(session), context.now(session))


@contextmanager
def working(resources: Resources, database_url: str) -> Iterator[None]:
    """Run a worker and its scheduler for a block."""
    halted = threading.Event()

    def schedule() -> None:
        presence = scheduling.Presence("bench", THREADS)
        while not halted.is_set():
            presence.show(resources)
            halted.wait(min(scheduling.tick(resources), 0.1))

    async def work() -> None:
        stop = asyncio.Event()
        loop = asyncio.get_running_loop()
        threading.Thread(
            target=lambda: (halted.wait(), loop.call_soon_threadsafe(stop.set)), daemon=True
        ).start()
        await jobs.work(
            database_url,
            {scheduling.CARRY_OUT: lambda **job: run_tasks.carry_out(resources, **job)},
            threads=THREADS,
            timeout_seconds=30,
            stop=stop,
            grace_seconds=5,
        )

    threads = [
        threading.Thread(target=schedule),
        threading.Thread(target=asyncio.run, args=[work()]),
    ]
    for thread in threads:
        thread.start()
    try:
        yield
    finally:
        halted.set()
        for thread in threads:
            thread.join()


def delays(resources: Resources, scope: WorkspaceScope, rounds: int, name: str) -> list[float]:
    """Seconds that each of some runs, one after another, waits for a thread."""
    took = []
    for number in range(rounds):
        clock.sleep(1.3 * RUN_SECONDS)
        with transaction(resources.sessions) as session:
            run_id = service.start(session, scope, _new(f"{name}:{number}"))
        claimed = None
        while claimed is None:
            clock.sleep(0.02)
            with transaction(resources.sessions) as session:
                claimed, created = session.execute(
                    select(Run.claimed_at, Run.created_at).where(Run.id == run_id)
                ).one()
        took.append((claimed - created).total_seconds())
    return took


def _new(subject: str) -> NewRun:
    return NewRun(kind=KIND, subject_id=subject, limit_key=f"connection:{subject}", trigger="bench")


def _workspaces(resources: Resources) -> list[WorkspaceScope]:
    with transaction(resources.sessions) as session:
        agency = Agency(title="bench")
        session.add(agency)
        session.flush()
        made = [Workspace(agency_id=agency.id, title=title) for title in ("noisy", "quiet")]
        session.add_all(made)
        session.flush()
        return [server_scope(session, workspace.id) for workspace in made]


def main() -> None:
    """Queue, wait, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=10_000)
    parser.add_argument("--rounds", type=int, default=8)
    asked = parser.parse_args()
    kinds.register(kinds.RunKind(KIND, carry_out, failed=lambda *_: None))
    with own_server() as owner, tempfile.TemporaryDirectory() as home:
        url = owner.url.render_as_string(hide_password=False)
        key = base64.b64encode(secrets.token_bytes(32)).decode()
        settings = load_settings(home=Path(home), database_url=url, secret_key=key)
        resources = open_resources(settings, url, threads=THREADS + 2)
        noisy, quiet = _workspaces(resources)
        with working(resources, url):
            alone = delays(resources, quiet, asked.rounds, "alone")
            with transaction(resources.sessions) as session:
                queue = [(noisy.workspace_id, _new(f"n{n}")) for n in range(asked.runs)]
                service.start_many(session, queue)
            clock.sleep(4 * RUN_SECONDS)
            beside = delays(resources, quiet, asked.rounds, "beside")
        resources.engine.dispose()
    worst = max(beside)
    longer = max(0.0, statistics.median(beside) - statistics.median(alone))
    name = f"a single run beside {asked.runs:,} of another workspace, until a thread takes it"
    print(
        f"{name}, median and longest of {asked.rounds} | {statistics.median(beside):.2f} s, "
        f"{worst:.2f} s | {statistics.median(alone):.2f} s, {max(alone):.2f} s alone | "
        f"{longer / RUN_SECONDS:.1f} runs' length more by the median (at most 1)",
        flush=True,
    )


if __name__ == "__main__":
    main()
