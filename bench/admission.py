"""Admission of 200 runs out of 50,000 queued ones, under every limit, and of a tick that finds none.

The runs are rows as slices start them, of 2,500 workspaces, 5,000 connections, 4,000 authorizations
and 40 applications; one of the workspaces has ten thousand of them. The database is one of its own.
Prints one line each: `name | ours | reference | ratio`.

    python -m bench.admission [--runs 50000] [--rounds 5]
"""

import argparse
import statistics
import time
from collections.abc import Iterator
from contextlib import contextmanager

from sqlalchemy import Engine, insert, text

from bench.own_server import own_server
from headrace.db.engine import session_maker, transaction
from headrace.runs import admission
from headrace.runs.limits import Limits
from headrace.tenancy.models import Agency, Workspace

LIMITS = Limits(
    per_workspace=8,
    other=2,
    by_name={
        "connection": 2,
        "destination": 2,
        "credential": 4,
        "app": 50,
        "place": 8,
        "app:7": 20,
    },
)
AT_ONCE = 200
WORKSPACES = 2500
_SEED = r"""
    INSERT INTO run (workspace_id, kind, subject_id, trigger, lane, limit_key, credential_key,
                     system_key, priority, params, status, due_at, fence, attempt, retries,
                     rows_read, rows_written, rows_deleted, rows_rejected, bytes_written)
    SELECT CASE WHEN n % 5 = 0 THEN 1 ELSE 2 + n % 2499 END, 'bench', n::text, 'schedule',
           'bench\:' || n, 'connection\:' || n % 5000, 'credential\:x\:' || n % 4000,
           'app\:' || n % 40 || '\:bench', 0, '{}', 'waiting',
           clock_timestamp() - make_interval(secs => 1 + (n * 7919) % 600), 0, 0, 0, 0, 0, 0, 0, 0
    FROM generate_series(1, :runs) n
"""


@contextmanager
def queued(runs: int) -> Iterator[Engine]:
    """Give a database in which so many runs wait."""
    with own_server() as engine:
        with transaction(session_maker(engine)) as session:
            agency = Agency(title="bench")
            session.add(agency)
            session.flush()
            titles = [{"agency_id": agency.id, "title": f"w{n}"} for n in range(WORKSPACES)]
            session.execute(insert(Workspace), titles)
            session.execute(text(_SEED), {"runs": runs})
        with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
            connection.execute(text("VACUUM ANALYZE"))
        yield engine


def main() -> None:
    """Queue, admit, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--runs", type=int, default=50_000)
    parser.add_argument("--rounds", type=int, default=5)
    asked = parser.parse_args()
    with queued(asked.runs) as engine:
        sessions = session_maker(engine)
        took = []
        for _ in range(asked.rounds):
            began = time.perf_counter()
            with transaction(sessions) as session:
                assert admission.take_admission_turn(session)
                admitted = len(admission.admit_due(session, AT_ONCE, LIMITS))
            took.append(time.perf_counter() - began)
            print(f"  admitted {admitted} in {took[-1]:.3f} s")
    name = (
        f"admit {AT_ONCE} of {asked.runs:,} queued runs under every limit, median of {asked.rounds}"
    )
    print(f"{name} | {statistics.median(took):.3f} s | - | (under 0.3 s)")
    print(f"{name}, slowest | {max(took):.3f} s | - | -", flush=True)


if __name__ == "__main__":
    main()
