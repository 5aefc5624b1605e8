"""A worker that is killed in the middle of a load: readers see the old rows, then the new ones."""

import time
from collections.abc import Callable
from pathlib import Path

import pytest

from e2e.comparing import (
    Sums,
    days_ago,
    sums_in_duckdb,
    sums_in_parquet,
    sums_in_postgres,
    sums_in_table,
)
from fakes.api_callers import RemoteWorkspace
from fakes.destinations import HoldingProxy, holding_proxy, watching
from fakes.held_network import HeldNetwork
from fakes.server import PATIENCE_SECONDS, Server, eventually
from headrace.client import models
from headrace.db.embedded import EmbeddedServer

_TABLE = "ads"
_CATCHES = 10


@pytest.fixture
def warehouse(make_database: Callable[[], str]) -> str:
    """The URL of an empty PostgreSQL database, as psycopg takes it."""
    return make_database().replace("+psycopg", "")


def _connect(
    workspace: RemoteWorkspace, warehouse: str, postgres: EmbeddedServer, proxy: HoldingProxy
) -> models.DestinationConnection:
    return workspace.connect_destination(
        "postgre_sql",
        host="127.0.0.1",
        port=proxy.port,
        database=warehouse.rsplit("/", 1)[1],
        user=postgres.user,
        password=postgres.password,
        ssl_mode="disable",  # what the proxy can read
    )


def test_killed_while_copying_into_postgres_and_after_its_commit(
    server: Server,
    network: HeldNetwork,
    workspace: RemoteWorkspace,
    warehouse: str,
    postgres_server: EmbeddedServer,
) -> None:  # F02 F22 F25 F29
    account = workspace.connect_network(rows_per_day=600)["huge-600"]
    extract = workspace.extract(account, days_ago(10))
    workspace.wait_extract(extract)

    def at_destination() -> Sums:
        return sums_in_postgres(warehouse, _TABLE)

    with holding_proxy(postgres_server.port) as proxy:
        destination = _connect(workspace, warehouse, postgres_server, proxy)
        load = workspace.load(extract, destination, _TABLE)
        workspace.run_load(load)
        first = sums_in_table(workspace, extract)
        with watching(at_destination) as reader:
            network.let_days_pass(1)
            workspace.run_extract(extract)
            second = sums_in_table(workspace, extract)
            proxy.hold_after_bytes(200_000)
            workspace.start_load(load, full=True)
            proxy.wait_until_held()
            server.kill_worker()
            assert at_destination() == first
            proxy.release()
            server.restart_worker()
            loaded = workspace.wait_load(load)
            assert at_destination() == second
            assert loaded.uploaded_rows_count == second[0]

            network.let_days_pass(1)
            workspace.run_extract(extract)
            third = sums_in_table(workspace, extract)
            proxy.hold_answer_to_commit(passing=1)  # the first one ends a look at the columns
            workspace.start_load(load)
            proxy.wait_until_held()
            server.kill_worker()
            assert at_destination() == third
            proxy.release()
            server.restart_worker()
            loaded = workspace.wait_load(load)
            assert loaded.uploaded_rows_count == 3 * 600
            eventually(lambda: third in reader.sights, "the reader sees the newest rows")
        assert reader.sights == [first, second, third]
        assert len({first, second, third}) == 3


def test_killed_while_writing_a_duckdb_file_and_a_folder(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace
) -> None:  # F02 F22 F25
    account = workspace.connect_network(rows_per_day=6000)["huge-6000"]
    extract = workspace.extract(account, days_ago(8))
    workspace.wait_extract(extract)
    folder = f"killed-{workspace.id}"
    database = server.files / folder / "ads.duckdb"
    file = server.files / folder / "ads.parquet"
    duck = workspace.connect_destination("duckdb", path=f"{folder}/ads.duckdb")
    files = workspace.connect_destination("local_files", folder=folder, file_format="parquet")
    into_duckdb = workspace.load(extract, duck, _TABLE)
    into_folder = workspace.load(extract, files, _TABLE)
    workspace.run_load(into_duckdb)
    workspace.run_load(into_folder)
    first = sums_in_duckdb(database, _TABLE)
    assert sums_in_table(workspace, extract) == first == sums_in_parquet(_only_file(file.parent))
    network.let_days_pass(1)
    workspace.run_extract(extract)
    second = sums_in_table(workspace, extract)
    assert second != first

    size = _size(database)
    _kill_during(server, workspace, into_duckdb, lambda: _size(database) != size)
    assert sums_in_duckdb(database, _TABLE) == first
    server.restart_worker()
    workspace.wait_load(into_duckdb)
    assert sums_in_duckdb(database, _TABLE) == second

    published = _only_file(file.parent)
    with watching(lambda: published.stat().st_ino) as reader:
        _kill_during(server, workspace, into_folder, lambda: any(file.parent.glob(".*.part")))
        assert sums_in_parquet(published) == first
        server.restart_worker()
        workspace.wait_load(into_folder)
    assert sums_in_parquet(_only_file(file.parent)) == second
    assert len(reader.sights) <= 2
    assert not list(file.parent.glob(".*.part"))


def _only_file(folder: Path) -> Path:
    (found,) = folder.glob("*.parquet")
    return found


def _size(database: Path) -> int:
    """The bytes of a DuckDB file and of the log beside it."""
    parts = database.parent.glob(f"{database.name}*")
    return sum(part.stat().st_size for part in parts)


def _kill_during(
    server: Server,
    workspace: RemoteWorkspace,
    load: models.Load,
    is_under_way: Callable[[], bool],
) -> None:
    """Start a whole load and kill the worker while it writes; again, if it was too quick to catch."""
    for _ in range(_CATCHES):
        workspace.start_load(load, full=True)
        deadline = time.monotonic() + PATIENCE_SECONDS
        while not is_under_way():
            assert time.monotonic() < deadline
            time.sleep(0.001)
        server.kill_worker()
        if workspace.api.get_load(load.id).status == "syncing":
            return
        server.restart_worker()
    raise AssertionError(f"the load ended {_CATCHES} times before it could be killed")
