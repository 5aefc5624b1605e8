"""A release beside the one before it: what runs goes on under a database that is newer than it."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from e2e.conftest import CHIEF
from fakes.held_network import HeldNetwork
from fakes.server import Server, eventually, headrace

# What migrations may do: the old release knows nothing of it, and stores rows without it.
_NEWER = """
    ALTER TABLE run ADD COLUMN newer text;
    ALTER TABLE extract ADD COLUMN newer integer NOT NULL DEFAULT 7;
    ALTER TABLE segment ADD COLUMN newer text;
    ALTER TABLE event ADD COLUMN newer text;
    CREATE TABLE newer (id bigint PRIMARY KEY, run_id bigint REFERENCES run ON DELETE CASCADE);
    CREATE INDEX ix_run_newer ON run (newer);
    UPDATE alembic_version SET version_num = '9999';
"""


@pytest.fixture
def rolled(
    open_folder: Path, make_database: Callable[[], str], network: HeldNetwork
) -> Iterator[Server]:
    """A server on a database of its own."""
    server = Server.at(
        open_folder / "rolled",
        make_database(),
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        base_urls=json.dumps({"demo_ads": network.base_url}),
    )
    server.start("web")
    server.start("worker")
    server.wait_until_it_answers()
    server.sign_up(CHIEF)
    yield server
    network.let_go()
    server.stop_everything()


def test_processes_go_on_when_the_database_moves_on(
    rolled: Server, network: HeldNetwork
) -> None:  # F43
    workspace = rolled.new_workspace(CHIEF)
    account = workspace.connect_network()["demo-1001"]
    network.hold_back("/demo-1001/report?", passing=1)
    under_way = workspace.extract(account, days_ago(30), "Under way")
    network.wait_until_asked()
    rolled.query(_NEWER)
    network.let_go()
    workspace.wait_extract(under_way)
    begun_after = workspace.extract(account, days_ago(5), "Begun after")
    workspace.wait_extract(begun_after)
    for extract in (under_way, begun_after):
        assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)

    # A worker that ends now stays away: its place is the new release's.
    assert rolled.stop("worker") == 0
    refused = headrace("worker", environment=rolled.environment)
    assert refused.returncode == 1
    assert "version 9999" in refused.stderr
    assert rolled.answers()

    # Back again: what a newer release left behind is in nobody's way.
    known = headrace("migrate", "--to", "0000", environment=rolled.environment).stderr
    version = max(word for word in known.replace(",", " ").split() if word.isdigit())
    rolled.query("UPDATE alembic_version SET version_num = %s", version)
    workspace.api.run_extract(begun_after.id)
    rolled.start("worker")
    eventually(
        lambda: workspace.extract_runs(begun_after)[0].status == "succeeded", "it runs again"
    )
    assert sums_in_table(workspace, begun_after) == sums_at_network(network, workspace, begun_after)
