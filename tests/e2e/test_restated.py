"""Figures that the source changes after they were read: table and destinations follow."""

import duckdb
import pytest

from e2e.comparing import Sums, days_ago, sums_at_network, sums_in_duckdb, sums_in_table
from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork
from fakes.server import Server
from headrace.client import models

_DAYS = 10
_RESTATED_DAYS = 3


@pytest.fixture
def extract(workspace: RemoteWorkspace) -> models.Extract:
    """An extract of the account that reports too much at first, run once."""
    accounts = workspace.connect_network(include_misbehaving=True)
    extract = workspace.extract(accounts["demo-restating"], days_ago(_DAYS))
    workspace.wait_extract(extract)
    return extract


def test_table_and_destinations_follow(
    server: Server, network: HeldNetwork, workspace: RemoteWorkspace, extract: models.Extract
) -> None:  # F11
    file = f"restated-{workspace.id}.duckdb"
    destination = workspace.connect_destination("duckdb", path=file)
    loads = [
        workspace.load(extract, destination, mode, "after_extraction", mode)
        for mode in ("append", "replace", "upsert")
    ]
    for load in loads:
        workspace.run_load(load)

    def at(mode: str) -> Sums:
        return sums_in_duckdb(server.files / file, mode)

    first = sums_in_table(workspace, extract)
    assert first == sums_at_network(network, workspace, extract)
    assert at("append") == at("replace") == at("upsert") == first

    network.let_days_pass(_RESTATED_DAYS)
    workspace.run_extract(extract)
    for load in loads:
        workspace.wait_load(load)
    second = sums_in_table(workspace, extract)
    assert second == sums_at_network(network, workspace, extract)
    assert second[0] < first[0]  # some rows are no more
    assert at("replace") == at("upsert") == second

    restated = [row for row in workspace.rows(extract) if row["date"] >= days_ago(_RESTATED_DAYS)]
    appended = at("append")
    assert appended[0] == first[0] + len(restated)
    with duckdb.connect(str(server.files / file), read_only=True) as connection:
        newest = connection.execute(
            "SELECT count(*), min(date) FROM append "
            "WHERE __insert_date = (SELECT max(__insert_date) FROM append)"
        ).fetchone()
    assert newest is not None
    assert (newest[0], str(newest[1])) == (len(restated), days_ago(_RESTATED_DAYS))
