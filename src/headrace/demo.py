"""`headrace demo`: a whole pipeline through the HTTP API, with totals compared at every stage.

It starts a server of its own under HOME/demo, so that it touches nothing else, and ends it again.
"""

import functools
import os
import shutil
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass, field
from decimal import Decimal
from pathlib import Path
from typing import Any

import duckdb
import msgspec
import psycopg
from psycopg import sql
from rich.console import Console
from rich.status import Status

from headrace.client import ApiError, Headrace, Unreachable, WorkspaceOperations, every, models
from headrace.db import embedded
from headrace.db.engine import plain_dsn
from headrace.kit import clock
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.settings import PREFIX, Settings

_START_SECONDS = 60.0
_RUN_SECONDS = 600.0
_SUMMED_ROWS = 100_000  # more are counted by the API and summed at the destinations only
_WAREHOUSE = "demo_warehouse"
_SUMS = ("impressions", "clicks", "spend", "conversions", "revenue")
_PAGE_ROWS = 1_000
_FIRST_ERROR = 400


class DemoFailed(Exception):
    """The demo did not end well; the message says at which step."""


@dataclass
class _Stage:
    """What one place holds: how many rows, and the sums of its number columns."""

    place: str
    rows: int
    sums: dict[str, Decimal] = field(default_factory=dict)
    seconds: float | None = None


def run_demo(settings: Settings, file: Path | None, out: Console) -> None:
    """Carry the demo network, and a file if given, into PostgreSQL and DuckDB, and compare.

    Raises:
        DemoFailed: if a step fails or totals differ.
    """
    if file is not None and not file.is_file():
        raise DemoFailed(f"There is no file {file}.")
    home = settings.home / "demo"
    # On a terminal `status` shows what is going on; in a pipe only the lines printed appear.
    with out.status("Starting a server …") as status, _server(home, file) as server:
        status.update("Signing up …")
        try:
            with server.sign_up() as headrace:
                _carry(server, headrace, file, out, status)
        except (ApiError, Unreachable) as fault:
            raise DemoFailed(str(fault)) from fault
    out.print("[bold green]Every total agrees.[/]")


def _carry(
    server: "_Server", headrace: Headrace, file: Path | None, out: Console, status: Status
) -> None:
    made = headrace.agency.create_workspace(models.WorkspaceIn(title="Demo"))
    workspace = headrace.workspace(made.id)
    out.print(f"Server at {server.base_url}, workspace {made.id}.")
    status.update("Connecting destinations …")
    destinations = server.connect_destinations(workspace)
    out.print("Destinations: PostgreSQL and a DuckDB file, both checked.")
    status.update("Extracting a year of the demo network, and delivering it …")
    _show(out, "Demo network: campaigns by day, three accounts", server.carry_network(
        workspace, destinations, out))  # fmt: skip
    if file is not None:
        status.update(f"Extracting {file.name}, and delivering it …")
        _show(out, f"File: {file.name}", server.carry_file(workspace, destinations, file, out))


@dataclass
class _Server:
    """The demo's own server."""

    home: Path
    port: int
    environment: dict[str, str]

    @property
    def base_url(self) -> str:
        """Where it answers."""
        return f"http://127.0.0.1:{self.port}"

    def sign_up(self) -> Headrace:
        """Create an agency by the command line; return its client."""
        username, password = "demo@example.com", "demo-" + os.urandom(9).hex()
        command = [sys.executable, "-m", "headrace.cli", "agency", "create", "--title", "Demo"]
        done = subprocess.run(  # noqa: S603 - our own program
            [*command, "--username", username, "--password-stdin"],
            input=password, text=True, capture_output=True, env=self.environment, check=False,
        )  # fmt: skip
        if done.returncode != 0:
            raise DemoFailed(f"The agency could not be created: {done.stderr.strip()}")
        return Headrace(self.base_url, username, password)

    def connect_destinations(self, workspace: WorkspaceOperations) -> dict[str, str]:
        """Connect PostgreSQL (a database of the embedded server) and DuckDB; return their ids."""
        server, _ = embedded.start(self.home)
        server.make_database(_WAREHOUSE)
        params: dict[str, dict[str, Any]] = {
            "postgre_sql": {
                "host": server.host, "port": server.port, "database": _WAREHOUSE,
                "schema": "public", "user": server.user, "password": server.password,
                "ssl_mode": "prefer",
            },
            "duckdb": {"path": "demo.duckdb"},
        }  # fmt: skip
        ids = {}
        for name, given in params.items():
            asked = models.DestinationConnectionIn(title=name, connection_params=given)
            made = workspace.create_destination_connection(name, asked)
            _wait(
                functools.partial(workspace.get_destination_connection, name, made.id), "active", 60
            )
            ids[name] = made.id
        return ids

    def carry_network(
        self, workspace: WorkspaceOperations, destinations: Mapping[str, str], out: Console
    ) -> list[_Stage]:
        """Connect the demo network, extract campaigns by day, deliver them twice."""
        made = workspace.create_connection("demo_ads", models.ConnectionIn(title="Demo"))
        accounts = workspace.list_accounts(made.id).results[:3]
        out.print(f"Connected: {', '.join(item.title for item in accounts)}.")
        template = next(
            item
            for item in every(workspace.list_templates, "demo_ads")
            if item.title == "Campaigns by day"
        )
        began = time.monotonic()
        table_id = self._extract(workspace, "Campaigns", template.id, accounts)
        seconds = time.monotonic() - began
        stages = [self._at_network(workspace, table_id)]
        stages.append(self._in_table(workspace, table_id, seconds))
        stages += self._deliver(workspace, table_id, destinations, "demo_campaigns", _SUMS)
        return stages

    def carry_file(
        self,
        workspace: WorkspaceOperations,
        destinations: Mapping[str, str],
        file: Path,
        out: Console,
    ) -> list[_Stage]:
        """Connect a file, extract it whole, deliver it twice."""
        asked = models.ConnectionIn(title=file.name, settings={"url": file.resolve().as_uri()})
        made = workspace.create_connection("file_import", asked)
        accounts = workspace.list_accounts(made.id).results
        template = workspace.list_templates("file_import").results[0]
        out.print(f"Connected: {file.name}.")
        began = time.monotonic()
        table_id = self._extract(workspace, f"File {file.name}", template.id, accounts)
        seconds = time.monotonic() - began
        numbers = {
            item.sql_name: item.name
            for item in workspace.get_data_table(table_id).fields
            if item.field_type == "number"
        }
        stages = [_in_file(file, numbers), self._in_table(workspace, table_id, seconds)]
        stages += self._deliver(workspace, table_id, destinations, "demo_file", tuple(numbers))
        return stages

    def _extract(
        self,
        workspace: WorkspaceOperations,
        title: str,
        template_id: int,
        accounts: list[models.Account],
    ) -> int:
        extracts = workspace.create_extracts(
            models.ExtractIn(
                data_table_title=title,
                template_id=template_id,
                accounts=[item.id for item in accounts],
            )
        )
        for extract in extracts:
            _wait(functools.partial(workspace.get_extract, extract.id), "synced", _RUN_SECONDS)
        return extracts[0].data_table.id

    def _at_network(self, workspace: WorkspaceOperations, table_id: int) -> _Stage:
        """Ask the network itself for its totals of the accounts and days that were read."""
        network = f"{self.base_url}/sandbox/demo_ads"
        http = OutboundHttp(OutboundPolicy(frozenset({"127.0.0.1"})))
        answer = http.request("POST", f"{network}/oauth/token", form={"grant_type": "demo"})
        headers = {"Authorization": f"Bearer {_json(answer)['access_token']}"}
        stage = _Stage("demo network", 0, dict.fromkeys(_SUMS, Decimal(0)))
        for account in workspace.get_coverage(table_id):
            first = min(item.date_from for item in account.ranges if item.date_from)
            last = max(item.date_to for item in account.ranges if item.date_to)
            path = f"{network}/v1/accounts/{account.account_id}/totals?level=campaign"
            asked = f"{path}&date_from={first}&date_to={last}"
            totals = _json(http.request("GET", asked, headers=headers))
            stage.rows += int(totals["rows"])
            for name in _SUMS:
                stage.sums[name] += Decimal(totals[name])
        return stage

    def _in_table(self, workspace: WorkspaceOperations, table_id: int, seconds: float) -> _Stage:
        """Add up the data table's rows as the API shows them."""
        sums: dict[str, Decimal] = {}
        answer = workspace.get_rows(table_id, limit=_PAGE_ROWS)
        stage = _Stage("data table", answer.count, sums, seconds)
        numbers = [item.name for item in answer.columns if item.type == "number"]
        page = 1
        while answer.rows and stage.rows <= _SUMMED_ROWS:
            for name in numbers:
                values = (row[name] for row in answer.rows)
                added = sum(
                    (Decimal(str(value)) for value in values if value is not None), Decimal(0)
                )
                sums[name] = sums.get(name, Decimal(0)) + added
            page += 1
            answer = workspace.get_rows(table_id, limit=_PAGE_ROWS, page=page)
        return stage

    def _deliver(
        self,
        workspace: WorkspaceOperations,
        table_id: int,
        destinations: Mapping[str, str],
        table: str,
        columns: tuple[str, ...],
    ) -> list[_Stage]:
        stages = []
        for name, connection_id in destinations.items():
            load = workspace.create_load(
                models.LoadIn(
                    data_table_id=table_id,
                    destination_connection_id=connection_id,
                    destination_table=table,
                )
            )
            began = time.monotonic()
            workspace.run_load(load.id)
            _wait(functools.partial(workspace.get_load, load.id), "synced", _RUN_SECONDS)
            stage = self._at_destination(name, table, columns)
            stage.seconds = time.monotonic() - began
            stages.append(stage)
        return stages

    def _at_destination(self, name: str, table: str, columns: tuple[str, ...]) -> _Stage:
        """Ask a destination, with its own client, what it holds."""
        if name == "duckdb":
            wanted = ", ".join(["count(*)", *(f'sum("{item}")' for item in columns)])
            with duckdb.connect(str(self.home / "files" / "demo.duckdb"), read_only=True) as base:
                row = base.execute(f'SELECT {wanted} FROM "{table}"').fetchone()  # noqa: S608
        else:
            server, _ = embedded.start(self.home)
            sums = [sql.SQL("sum({})").format(sql.Identifier(item)) for item in columns]
            query = sql.SQL("SELECT {} FROM {}").format(
                sql.SQL(", ").join([sql.SQL("count(*)"), *sums]), sql.Identifier(table)
            )
            with psycopg.connect(plain_dsn(server.url(_WAREHOUSE))) as base:
                row = base.execute(query).fetchone()
        assert row is not None
        place = "DuckDB" if name == "duckdb" else "PostgreSQL"
        return _Stage(place, row[0], _decimals(columns, row[1:]))


def _wait(read: Callable[[], Any], good: str, seconds: float) -> None:
    """Read an object until it has a good status.

    Raises:
        DemoFailed: if its status is "error", or the time is over.
    """
    deadline = time.monotonic() + seconds
    while (found := read()).status != good:
        if found.status == "error":
            raise DemoFailed(f"{type(found).__name__} {found.id}: {found.error_text}")
        if time.monotonic() > deadline:
            raise DemoFailed(
                f"{type(found).__name__} {found.id} is {found.status} after {seconds:.0f} s."
            )
        clock.sleep(0.2)


def _json(answer: Any) -> dict[str, Any]:
    """Decode what the demo network answered."""
    if answer.status >= _FIRST_ERROR:
        raise DemoFailed(f"The demo network answered {answer.status}: {answer.data.decode()}")
    found: dict[str, Any] = msgspec.json.decode(answer.data)
    return found


def _in_file(file: Path, numbers: Mapping[str, str]) -> _Stage:
    """Ask DuckDB's own readers what the file holds; `numbers` gives names by names in SQL."""
    suffixes = set(file.suffixes)
    reader = (
        "read_parquet"
        if ".parquet" in suffixes
        else "read_json"
        if suffixes & {".json", ".jsonl", ".ndjson"}
        else "read_csv"
    )
    quoted = [name.replace('"', '""') for name in numbers.values()]
    wanted = ", ".join(
        ["count(*)", *(f'sum(TRY_CAST("{name}" AS DECIMAL(38, 9)))' for name in quoted)]
    )
    with duckdb.connect() as base:
        row = base.execute(f"SELECT {wanted} FROM {reader}(?)", [str(file)]).fetchone()  # noqa: S608
    assert row is not None
    return _Stage("file", row[0], _decimals(tuple(numbers), row[1:]))


def _decimals(names: Sequence[str], values: Sequence[Any]) -> dict[str, Decimal]:
    return {name: Decimal(str(value or 0)) for name, value in zip(names, values, strict=True)}


@contextmanager
def _server(home: Path, file: Path | None) -> Iterator[_Server]:
    """Run a fresh server under a folder of its own while the block lasts."""
    shutil.rmtree(home, ignore_errors=True)
    (home / "files").mkdir(parents=True)
    home.chmod(0o755)
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port = probe.getsockname()[1]
    environment = {key: value for key, value in os.environ.items() if not key.startswith(PREFIX)}
    environment |= {
        f"{PREFIX}HOME": str(home),
        f"{PREFIX}PORT": str(port),
        f"{PREFIX}ALLOWED_PRIVATE_HOSTS": "127.0.0.1",
        f"{PREFIX}LOCAL_FILES_ROOT": str(home / "files"),
        f"{PREFIX}FILE_IMPORT_ROOTS": str(file.resolve().parent) if file else "",
    }
    log = home / "server.log"
    with log.open("wb") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "headrace.cli", "up"],
            stdin=subprocess.DEVNULL, stdout=output, stderr=output, env=environment,
        )  # fmt: skip
        try:
            _wait_ready(process, port, log)
            yield _Server(home, port, environment)
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait()


def _wait_ready(process: subprocess.Popen[bytes], port: int, log: Path) -> None:
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        if process.poll() is not None:
            break
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            clock.sleep(0.1)
        else:
            return
    said = log.read_text(errors="replace")[-1000:]
    raise DemoFailed(f"The server did not start. It said:\n{said}")


def _show(out: Console, title: str, stages: list[_Stage]) -> None:
    out.print(f"\n[bold]{title}[/]")
    for stage in stages:
        took = "" if stage.seconds is None else f" in {stage.seconds:.1f} s"
        sums = ", ".join(f"{name} {total:,.2f}" for name, total in stage.sums.items())
        out.print(f"  {stage.place:<13} {stage.rows:>9,} rows{took}; {sums}")
    for stage in stages[1:]:
        _compare(stages[0], stage)


def _compare(first: _Stage, other: _Stage) -> None:
    shared = first.sums.keys() & other.sums.keys()
    different = [name for name in shared if first.sums[name] != other.sums[name]]
    if first.rows != other.rows or different:
        raise DemoFailed(
            f"{other.place} and {first.place} differ: {other.rows} and {first.rows} rows"
            + (f"; sums of {', '.join(sorted(different))}" if different else "")
        )
