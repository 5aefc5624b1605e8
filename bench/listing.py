"""`GET /api/v3/extracts` with 100,000 extracts: requests a second, beside two references by turns.

    python -m bench.listing [--reference .venv-bench/bin/python] [--extracts 100000] [--seconds 4]

One web process of ours, 20 clients with a bearer token, pages of 100. References in the same run, on
the same PostgreSQL: the same statements sent through psycopg by a handler with nothing around it
(`listing_bare`), and, where a reference interpreter with Django REST framework is given, the same
list made by its serializers (`listing_django`). All three are served by uvicorn. Servers take turns,
medians over the rounds are printed, one line each: `name | ours | reference | ratio`.
"""

import argparse
import base64
import json
import os
import secrets
import shutil
import socket
import statistics
import subprocess
import sys
import tempfile
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path

import httpx
import psycopg
import uvicorn

from bench.listing_inside import authentication_cost, page_statements
from bench.listing_seed import fill
from headrace.access import service as access
from headrace.db import embedded
from headrace.db.engine import make_engine, plain_dsn, session_maker, transaction
from headrace.db.migrating import migrate
from headrace.db.roles import SYSTEM
from headrace.settings import Settings, load_settings
from headrace.templates.service import publish_global
from headrace.tenancy.models import Workspace

CLIENTS = 20
PAGE = 100
_HERE = Path(__file__).parent
_PASSWORD = "correct horse battery"
_USER = "bench@example.com"
_START_SECONDS = 60.0


@dataclass
class Target:
    """A server to ask; what it answered is collected round by round."""

    name: str
    port: int
    rounds: dict[str, list[dict[str, float]]] = field(default_factory=dict)

    def ask(self, what: str, page: int, token: str, seconds: float, clients: int = CLIENTS) -> None:
        """Ask for a page for some seconds."""
        path = f"/api/v3/extracts?page_size={PAGE}&page={page}"
        command = [
            sys.executable, str(_HERE / "listing_client.py"), "127.0.0.1", str(self.port), path,
            token, str(clients), str(seconds),
        ]  # fmt: skip
        done = subprocess.run(command, check=True, stdout=subprocess.PIPE, text=True)
        seen = json.loads(done.stdout)
        if seen["refused"]:
            raise SystemExit(f"{self.name} refused {seen['refused']} requests")
        self.rounds.setdefault(what, []).append(seen)

    def median(self, what: str, name: str) -> float:
        """The median over the rounds of one figure."""
        return statistics.median(seen[name] for seen in self.rounds[what])

    def rate(self, what: str) -> float:
        """Answers a second, median over the rounds."""
        return statistics.median(seen["answers"] / seen["seconds"] for seen in self.rounds[what])


@contextmanager
def serving(command: list[str], environment: dict[str, str], port: int) -> Iterator[None]:
    """Run a server until a block ends; it listens on a port when the block begins."""
    with subprocess.Popen(command, env=os.environ | environment) as process:
        try:
            _wait(port)
            yield
        finally:
            process.terminate()
            process.wait()


def _wait(port: int) -> None:
    ends_at = time.monotonic() + _START_SECONDS
    while True:
        try:
            socket.create_connection(("127.0.0.1", port)).close()
        except OSError:
            if time.monotonic() > ends_at:
                raise
            time.sleep(0.1)
        else:
            return


@dataclass(frozen=True)
class Bench:
    """A database full of extracts, and a token for their workspace."""

    home: Path
    database_url: str
    environment: dict[str, str]
    extracts: int

    def settings(self) -> Settings:
        """The server's settings, read in this process."""
        return load_settings(
            home=self.home,
            database_url=self.database_url,
            secret_key=self.environment["HEADRACE_SECRET_KEY"],
            rate_limit_per_minute=0,
        )


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


def prepare(home: Path, database_url: str, port: int, extracts: int) -> Bench:
    """Bring a database to this release and fill it; its workspace is the first one there is."""
    migrate(make_engine(database_url, pool_size=1))
    sessions = session_maker(make_engine(database_url, pool_size=1))
    with transaction(sessions) as session:
        publish_global(session)
        chief = access.create_agency(session, "Bench", _USER, _PASSWORD)
        workspace = Workspace(agency_id=chief.agency_id, title="Bench")
        session.add(workspace)
        session.flush()
        workspace_id = workspace.id
    fill(database_url, workspace_id, extracts)
    environment = {
        "HEADRACE_HOME": str(home),
        "HEADRACE_DATABASE_URL": database_url,
        "HEADRACE_SECRET_KEY": base64.b64encode(secrets.token_bytes(32)).decode(),
        "HEADRACE_PORT": str(port),
        "HEADRACE_RATE_LIMIT_PER_MINUTE": "0",
    }
    return Bench(home, database_url, environment, extracts)


def new_token(port: int) -> str:
    """Mint a bearer token through the API."""
    answer = httpx.post(
        f"http://127.0.0.1:{port}/api/v3/token", json={"workspace_id": 1}, auth=(_USER, _PASSWORD)
    )
    answer.raise_for_status()
    token: str = answer.json()["token"]
    return token


def measure(bench: Bench, port: int, reference: str | None, seconds: float, rounds: int) -> None:
    """Start the servers, ask them by turns, print."""
    with ExitStack() as stack:
        ours = Target("ours", port)
        stack.enter_context(
            serving(
                [sys.executable, "-m", "headrace.cli", "web"],
                bench.environment,
                port,
            )
        )
        token = new_token(port)
        path = f"/api/v3/extracts?page_size={PAGE}&page=1"
        statements = page_statements(bench.settings(), bench.database_url, path, token)
        told = bench.home / "statements.json"
        dsn = plain_dsn(bench.database_url, SYSTEM)
        told.write_text(json.dumps({"dsn": dsn, "statements": statements}))
        bare = Target("bare", _free_port())
        command = [sys.executable, str(_HERE / "listing_bare.py"), str(told), str(bare.port)]
        stack.enter_context(serving(command, {}, bare.port))
        targets = [ours, bare]
        if reference:
            django = Target("django", _free_port())
            command = [reference, str(_HERE / "listing_django.py"), str(django.port)]
            asked = {
                "LISTING_DSN": plain_dsn(bench.database_url),
                "LISTING_SERVER": str(Path(uvicorn.__file__).parent.parent),
            }
            stack.enter_context(serving(command, asked, django.port))
            targets.append(django)
        for target in targets:
            target.ask("warm", 1, token, 1.0)
        written = _writes(bench)
        for _ in range(rounds):
            for target in targets:
                target.ask("page 1", 1, token, seconds)
            ours.ask("last page", bench.extracts // PAGE, token, seconds)
            # How long one answer takes is asked by one client: 20 of them wait for each other.
            ours.ask("page 1, alone", 1, token, seconds / 2, clients=1)
            ours.ask("last page, alone", bench.extracts // PAGE, token, seconds / 2, clients=1)
        pushes = _writes(bench) - written
        _print(bench, targets, authentication_cost(bench.settings(), bench.database_url, token))
        print(f"times the token's expiry was written | {pushes} | - | (at most one a minute)")


def _writes(bench: Bench) -> int:
    """How often rows of tokens have been changed; what sessions have not reported yet is awaited."""
    time.sleep(1.5)
    with psycopg.connect(plain_dsn(bench.database_url)) as connection:
        row = connection.execute(
            "SELECT n_tup_upd FROM pg_stat_user_tables WHERE relname = 'access_token'"
        ).fetchone()
    assert row is not None
    return int(row[0])


def _print(bench: Bench, targets: list[Target], authentication_ms: float) -> None:
    ours = targets[0]
    name = f"list 100 of {bench.extracts:,} extracts, {CLIENTS} clients"
    size = ours.median("page 1", "bytes") / 1000
    for target in targets[1:]:
        aim = {"bare": "at least 0.6", "django": "at least 4"}[target.name]
        ratio = ours.rate("page 1") / target.rate("page 1")
        print(
            f"{name}, {size:.0f} kB, beside {target.name} | {ours.rate('page 1'):.0f}/s | "
            f"{target.rate('page 1'):.0f}/s | {ratio:.2f} ({aim})"
        )
    median, slow = ours.median("page 1", "median_ms"), ours.median("page 1", "p99_ms")
    print(f"the same: p99 beside the median | {slow:.1f} ms | {median:.1f} ms | "
          f"{slow / median:.2f} (at most 3)")  # fmt: skip
    for last, first in (("last page", "page 1"), ("last page, alone", "page 1, alone")):
        a, b = ours.median(last, "median_ms"), ours.median(first, "median_ms")
        print(f"{last} beside the first | {a:.1f} ms | {b:.1f} ms | {a / b:.2f} (at most 2)")
    print(f"authentication, CPU | {authentication_ms:.2f} ms | - | (at most 0.5 ms)", flush=True)


def main() -> None:
    """Prepare, measure, leave nothing behind."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--reference", help="an interpreter that has Django REST framework")
    parser.add_argument("--extracts", type=int, default=100_000)
    parser.add_argument("--seconds", type=float, default=4.0)
    parser.add_argument("--rounds", type=int, default=3)
    asked = parser.parse_args()
    home = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    home.chmod(0o755)
    server, _ = embedded.start(home)
    try:
        port = _free_port()
        bench = prepare(home, server.url(), port, asked.extracts)
        measure(bench, port, asked.reference, asked.seconds, asked.rounds)
    finally:
        embedded.stop(server)
        shutil.rmtree(home, ignore_errors=True)


if __name__ == "__main__":
    main()
