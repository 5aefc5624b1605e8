"""Databases that go away and come back: Headrace's own, and those it delivers to."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from psycopg import sql

from e2e.comparing import days_ago, sums_at_network, sums_in_postgres, sums_in_table
from e2e.conftest import CHIEF
from fakes.api_callers import RemoteWorkspace, wait_for
from fakes.destinations import HoldingProxy, holding_proxy
from fakes.held_network import HeldNetwork
from fakes.server import Server, eventually
from headrace.client import models
from headrace.db.embedded import EmbeddedServer

_TABLE = "ads"
_WRITER = "writer"


@pytest.fixture
def proxy(postgres_server: EmbeddedServer) -> Iterator[HoldingProxy]:
    """Stands before the PostgreSQL of the tests."""
    with holding_proxy(postgres_server.port) as proxy:
        yield proxy


@pytest.fixture
def distant(
    open_folder: Path,
    make_database: Callable[[], str],
    postgres_server: EmbeddedServer,
    proxy: HoldingProxy,
    network: HeldNetwork,
) -> Iterator[Server]:
    """A server that reaches its own database through the proxy."""
    url = make_database().replace(f":{postgres_server.port}/", f":{proxy.port}/")
    server = Server.at(
        open_folder / "distant",
        f"{url}?sslmode=disable",
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        base_urls=json.dumps({"demo_ads": network.base_url}),
    )
    server.start("web")
    server.start("worker")
    server.wait_until_it_answers()
    yield server
    network.let_go()
    server.stop_everything()


def test_own_database_restarts_under_a_run(
    distant: Server, proxy: HoldingProxy, network: HeldNetwork
) -> None:  # F39
    distant.sign_up(CHIEF)
    workspace = distant.new_workspace(CHIEF)
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?", passing=1)
    extract = workspace.extract(account, days_ago(30))
    network.wait_until_asked()
    proxy.go_down()
    network.let_go()  # the window is read, and cannot be stored
    eventually(lambda: not distant.answers(), "the server says that it is not ready")
    eventually(lambda: "run did not finish" in distant.log("worker"), "the worker notices")
    proxy.come_up()
    distant.wait_until_it_answers()
    workspace.wait_extract(extract)
    assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)


@pytest.fixture
def warehouse(make_database: Callable[[], str]) -> Iterator[str]:
    """The URL of a PostgreSQL database in which `writer` owns the schema `marts`."""
    url = make_database().replace("+psycopg", "")
    with psycopg.connect(url, autocommit=True) as owner:
        owner.execute(f"CREATE ROLE {_WRITER} LOGIN PASSWORD 'writer password'")
        owner.execute(f"CREATE SCHEMA marts; ALTER ROLE {_WRITER} SET search_path = marts")
        owner.execute(f"GRANT ALL ON SCHEMA marts TO {_WRITER}")
        yield url
        owner.execute(f"DROP OWNED BY {_WRITER}; DROP ROLE {_WRITER}")


@pytest.fixture
def delivered(
    workspace: RemoteWorkspace, warehouse: str, proxy: HoldingProxy
) -> tuple[models.Extract, models.Load]:
    """An extract, and a load of its table into the warehouse that has run once."""
    extract = workspace.extract(workspace.connect_network()["demo-1001"], days_ago(3))
    workspace.wait_extract(extract)
    destination = workspace.connect_destination(
        "postgre_sql", host="127.0.0.1", port=proxy.port, database=warehouse.rsplit("/", 1)[1],
        schema="marts", user=_WRITER, password="writer password", ssl_mode="disable",
    )  # fmt: skip
    load = workspace.load(extract, destination, _TABLE)
    workspace.run_load(load)
    return extract, load


def _as_writer(warehouse: str) -> str:
    return psycopg.conninfo.make_conninfo(warehouse, user=_WRITER, password="writer password")


def test_destination_away_for_a_while(
    network: HeldNetwork,
    workspace: RemoteWorkspace,
    warehouse: str,
    delivered: tuple[models.Extract, models.Load],
    proxy: HoldingProxy,
) -> None:  # F22
    extract, load = delivered
    network.let_days_pass(1)
    workspace.run_extract(extract)
    proxy.go_down()
    workspace.start_load(load)

    def reason() -> str:
        return str(workspace.load_runs(load)[0].error_text or "")

    told = eventually(reason, "the load says why it waits")
    assert "cannot be reached" in told
    assert "127.0.0.1" in told
    assert "writer password" not in told
    proxy.come_up()
    assert workspace.wait_load(load).error_text is None
    found = sums_in_postgres(_as_writer(warehouse), _TABLE)
    assert found == sums_in_table(workspace, extract)


@pytest.mark.parametrize(
    ("taken", "given_back", "reason"),
    [
        ("REVOKE ALL ON SCHEMA marts FROM {}", "GRANT ALL ON SCHEMA marts TO {}", "right"),
        (
            "ALTER ROLE {} SET default_transaction_read_only = on",
            "ALTER ROLE {} RESET default_transaction_read_only",
            "read-only",
        ),
    ],
    ids=["right revoked", "read-only"],
)
def test_destination_that_may_not_be_written(
    network: HeldNetwork,
    workspace: RemoteWorkspace,
    warehouse: str,
    delivered: tuple[models.Extract, models.Load],
    taken: str,
    given_back: str,
    reason: str,
) -> None:  # F24
    extract, load = delivered
    before = sums_in_postgres(_as_writer(warehouse), _TABLE)
    writer = sql.Identifier(_WRITER)
    with psycopg.connect(warehouse, autocommit=True) as owner:
        owner.execute(sql.SQL(taken).format(writer))
        network.let_days_pass(1)
        workspace.run_extract(extract)
        workspace.start_load(load)
        failed = wait_for(lambda: workspace.api.get_load(load.id), "synced", "error")
        assert failed.status == "error"
        assert reason in (failed.error_text or "")
        owner.execute(sql.SQL(given_back).format(writer))
    assert sums_in_postgres(_as_writer(warehouse), _TABLE) == before
    assert workspace.run_load(load).error_text is None
    after = sums_in_postgres(_as_writer(warehouse), _TABLE)
    assert after == sums_in_table(workspace, extract) != before
