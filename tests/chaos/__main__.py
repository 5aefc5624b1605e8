"""Shakes a whole Headrace by chance for some minutes, lets it come to rest, and compares every row.

    make chaos MINUTES=10 [SEED=...] [DATABASE_URL=postgresql://...]

Ends with 0 if nothing was lost, doubled or left behind; with 1, and what differs, otherwise.
"""

import argparse
import os
import random
import secrets
import shutil
import sys
import tempfile
import time
from pathlib import Path

from chaos.customers import Crowd, Customer, customers
from chaos.house import House, house
from chaos.judging import judge
from chaos.settling import Unsettled, asked, settle
from chaos.storm import Storm, pass_time
from chaos.tally import Tally


def main() -> int:
    """Read the command line, and do it."""
    parser = argparse.ArgumentParser(prog="make chaos", description=__doc__)
    parser.add_argument("--minutes", type=float, default=10.0, help="how long things break")
    parser.add_argument("--seed", default="", help="what chance starts from; default: a new one")
    parser.add_argument("--customers", type=int, default=2, help="how many workspaces")
    parser.add_argument("--keep", action="store_true", help="keep the logs of a run that held")
    given = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="headrace-chaos-"))
    home.chmod(0o755)  # the database may run as another user
    seed = given.seed or secrets.token_hex(4)
    print(f"seed {seed}; logs in {home}", flush=True)
    tally = Tally()
    with house(home, os.environ.get("DATABASE_URL", "")) as built:
        findings = _shake(built, tally, seed, given.minutes * 60, given.customers)
        _count_runs(built, tally)
    print("\n".join(tally.lines()))
    print(f"seed {seed}: " + ("held." if not findings else f"{len(findings)} findings:"))
    for finding in findings:
        print(f"  - {finding}")
    if not findings and not given.keep:
        shutil.rmtree(home, ignore_errors=True)
    return 1 if findings else 0


def _shake(built: House, tally: Tally, seed: str, seconds: float, number: int) -> list[str]:
    living = customers(built, number)
    storm, crowd = Storm(built, tally, random.Random(seed)), Crowd(living, tally, seed)
    storm.start()
    crowd.start()

    def look_after(left: float) -> None:
        built.revive()
        _tell(f"{left:4.0f} s left, {tally.total('faults')} faults, {tally.total('calls')} calls")

    pass_time(seconds, look_after)
    broken = []
    for threads in (crowd, storm):
        try:
            threads.stop()
        except RuntimeError as error:
            broken.append(f"{error}: {error.__cause__!r}")
    return broken + _rest(built, living)


def _rest(built: House, living: list[Customer]) -> list[str]:
    began = time.monotonic()
    _tell("coming to rest ...")
    try:
        settle(built, living)
    except Unsettled as error:
        return [f"does not come to rest: {error}"]
    _tell(f"at rest after {time.monotonic() - began:.0f} s; comparing ...")
    return judge(built, living)


def _count_runs(built: House, tally: Tally) -> None:
    for kind, status, count in asked(
        built, "SELECT kind, status, count(*) FROM run GROUP BY kind, status ORDER BY 3 DESC"
    ):
        tally.count("runs", f"{kind} {status}", count)
    retries, read, written = asked(
        built, "SELECT sum(retries), sum(rows_read), sum(rows_written) FROM run"
    )[0]
    tally.count("rows", "read", int(read or 0))
    tally.count("rows", "written", int(written or 0))
    tally.count("retries", "inside runs", int(retries or 0))
    tally.count("network", "requests", built.network.answered)
    tally.count("events", "deliveries", len(built.receiver.deliveries))


def _tell(line: str) -> None:
    """Show where it stands, on a terminal on one line."""
    if sys.stdout.isatty():
        print(f"\r\033[K{line}", end="", flush=True)


if __name__ == "__main__":
    sys.exit(main())
