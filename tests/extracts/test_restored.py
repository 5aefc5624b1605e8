"""A database restored from an older backup, beside a lake and a destination that went on."""

from collections.abc import Iterator
from pathlib import Path
from typing import Any

import duckdb
import psycopg
import pytest
from fastapi.testclient import TestClient

from extracts.conftest import EXTRACTS, ExtractsFake
from fakes.ads_network import AdsNetwork
from fakes.callers import AgencyFake, WorkspaceFake
from headrace.app import create_app
from headrace.db.engine import plain_dsn
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings

_DAY_SECONDS = 86_400
_LOADS = "/api/v3/loads"


@pytest.fixture
def resources(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process's resources on a database of the test's own, of which a copy can be made."""
    opened = open_resources(settings, committed_database, threads=2)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def backup(committed_database: str) -> Iterator[str]:
    """The URL that a copy of the database is to have; it is dropped in the end."""
    yield f"{committed_database}_backup"
    with psycopg.connect(plain_dsn(committed_database), autocommit=True) as connection:
        name = committed_database.rsplit("/", 1)[1]
        connection.execute(f"DROP DATABASE IF EXISTS {name}_backup WITH (FORCE)")


def _back_up(resources: Resources, url: str) -> None:
    """Copy the database, to which nobody may be connected meanwhile."""
    resources.engine.dispose()
    name, template = (each.rsplit("/", 1)[1] for each in (url, url.removesuffix("_backup")))
    maintenance = plain_dsn(url.rsplit("/", 1)[0] + "/postgres")
    with psycopg.connect(maintenance, autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template}")


def _run(workspace: WorkspaceFake, extract_id: int, load_id: int) -> None:
    assert workspace.call("POST", f"{EXTRACTS}/{extract_id}/run", json={}).status_code == 200
    workspace.run_everything()
    assert workspace.call("PUT", f"{_LOADS}/{load_id}/run", json={}).status_code == 200
    workspace.run_everything()


def _table(workspace: WorkspaceFake, table_id: int) -> list[tuple[Any, ...]]:
    rows = workspace.get(f"/api/v3/data-tables/{table_id}/rows", limit=1000)["rows"]
    return sorted((row["date"], row["campaign_id"], str(row["impressions"])) for row in rows)


def _delivered(file: Path) -> list[tuple[Any, ...]]:
    with duckdb.connect(str(file), read_only=True) as connection:
        found = connection.execute("SELECT date, campaign_id, impressions FROM ads").fetchall()
    return sorted((str(day), campaign, str(count)) for day, campaign, count in found)


def test_the_next_runs_converge(
    demo: ExtractsFake,
    network: AdsNetwork,
    agency: AgencyFake,
    resources: Resources,
    settings: Settings,
    backup: str,
) -> None:  # F45
    workspace = demo.workspace
    extract = demo.create(sync_historical_data="2026-11-10")
    duck = "/api/v3/destinations/duckdb/connections"
    made = workspace.post(duck, {"title": "d", "connection_params": {"path": "restored.duckdb"}})
    workspace.run_everything()
    body = {"data_table_id": extract["data_table"]["id"], "run_policy": "manual",
            "destination_connection_id": made["id"], "destination_table": "ads"}  # fmt: skip
    ids = extract["id"], workspace.post(_LOADS, body)["id"]
    _run(workspace, *ids)
    old = _table(workspace, body["data_table_id"])
    _back_up(resources, backup)

    network.let_pass(2 * _DAY_SECONDS)
    workspace.headers = agency.enter(workspace.id, agency.headers).headers
    _run(workspace, *ids)
    file = settings.local_files_root / "restored.duckdb" if settings.local_files_root else Path()
    newest = _table(workspace, body["data_table_id"])
    assert newest == _delivered(file) != old

    restored = open_resources(settings, backup, threads=2)
    with TestClient(create_app(settings, restored)) as client:
        chief = AgencyFake(client, restored, agency.agency_id, agency.username)
        again = chief.enter(workspace.id, chief.headers)
        assert _table(again, body["data_table_id"]) == old  # every file of the backup is there
        _run(again, *ids)
        assert _table(again, body["data_table_id"]) == newest
    restored.engine.dispose()
    assert _delivered(file) == newest
