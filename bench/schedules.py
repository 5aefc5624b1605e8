"""Schedules: what a tick costs that finds none due, and how long it takes when all are due at once.

Real extracts of one workspace, as `bench.listing` seeds them, each with its schedule; the database is
one of its own. A tick over 50,000 schedules looks at an index, so it must not cost more than one over
5,000. When all are due in one minute, one scheduler starts their runs.
Prints one line each: `name | ours | reference | ratio`.

    python -m bench.schedules [--schedules 50000] [--fired 50000]
"""

import argparse
import statistics
import time

from sqlalchemy import Engine, text

import headrace.worker  # noqa: F401  # registers what schedules start
from bench.listing_seed import fill
from bench.own_server import own_server
from headrace.access import service as access
from headrace.db.engine import make_engine, session_maker, transaction
from headrace.db.roles import SYSTEM
from headrace.runs import scheduling
from headrace.templates.service import publish_global
from headrace.tenancy.models import Workspace

_TICKS = 50
_SPREAD_SECONDS = 60
_DUE = text(
    "UPDATE schedule SET is_paused = false, due_at = now() "
    "WHERE id IN (SELECT id FROM schedule ORDER BY id LIMIT :fired)"
)
_LAST = text(
    "SELECT extract(epoch FROM max(greatest(due_at, created_at)) - :due) FROM run "
    "WHERE trigger = 'schedule'"
)


def prepare(engine: Engine, schedules: int) -> None:
    """Seed a workspace with so many extracts and their schedules."""
    with transaction(session_maker(engine)) as session:
        publish_global(session)
        chief = access.create_agency(session, "Bench", "bench", "correct horse")
        workspace = Workspace(agency_id=chief.agency_id, title="Bench")
        session.add(workspace)
        session.flush()
        workspace_id = workspace.id
    fill(engine.url.render_as_string(hide_password=False), workspace_id, schedules)
    with engine.begin() as connection:
        connection.execute(text("DELETE FROM run"))


def keep_only(engine: Engine, schedules: int) -> None:
    """Leave so many schedules, and none of them due."""
    with engine.begin() as connection:
        few = "SELECT id FROM schedule ORDER BY id LIMIT :few"
        connection.execute(
            text(f"DELETE FROM schedule WHERE id NOT IN ({few})"), {"few": schedules}
        )
        connection.execute(text("UPDATE schedule SET due_at = now() + interval '1 day'"))
    with engine.connect().execution_options(isolation_level="AUTOCOMMIT") as connection:
        connection.execute(text("VACUUM ANALYZE schedule"))


def idle_tick(engine: Engine) -> float:
    """Median milliseconds of the schedules' part of a tick that finds nothing due."""
    took = []
    for _ in range(_TICKS):
        began = time.perf_counter()
        with transaction(session_maker(engine)) as session:
            assert scheduling.fire_schedules(session, _SPREAD_SECONDS) == 0
        took.append((time.perf_counter() - began) * 1000)
    return statistics.median(took)


def fire_all(engine: Engine, count: int) -> tuple[float, float]:
    """Let so many schedules be due now; return after how many seconds their runs are queued, and due."""
    with engine.begin() as connection:
        connection.execute(_DUE, {"fired": count})
        due = connection.scalar(text("SELECT min(due_at) FROM schedule"))
    sessions = session_maker(engine)
    began, fired = time.perf_counter(), 0
    while fired < count:
        with transaction(sessions) as session:
            fired += scheduling.fire_schedules(session, _SPREAD_SECONDS)
    seconds = time.perf_counter() - began
    with engine.connect() as connection:
        return seconds, float(connection.scalar(_LAST, {"due": due}) or 0)


def main() -> None:
    """Seed, tick, fire, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--schedules", type=int, default=50_000)
    parser.add_argument("--fired", type=int)
    asked = parser.parse_args()
    few, many = asked.schedules // 10, asked.schedules
    fired = asked.fired or many
    with own_server() as owner:
        prepare(owner, many)
        engine = make_engine(owner.url.render_as_string(hide_password=False), 4, role=SYSTEM)
        with_many = idle_tick(engine)
        seconds, last = fire_all(engine, fired)
        keep_only(owner, few)
        with_few = idle_tick(engine)
        engine.dispose()
    print(f"a tick over {few:,} schedules, none due | {with_few:.2f} ms | - | -")
    ratio = with_many / with_few
    print(f"a tick over {many:,} schedules, none due | {with_many:.2f} ms | {with_few:.2f} ms | "
          f"{ratio:.2f} times the cost (a tenth of them)")  # fmt: skip
    rate = fired / seconds
    print(f"{fired:,} schedules due at once, runs queued by one scheduler | {seconds:.0f} s | - | "
          f"{rate:.0f} a second (all {many:,} within 120 s)")  # fmt: skip
    print(f"the last of their runs is due after | {last:.0f} s | - | -", flush=True)


if __name__ == "__main__":
    main()
