"""PostgreSQL itself restarts under load: readiness flips and comes back, every run ends well."""

import base64
import secrets
import shutil
import tempfile
from collections.abc import Iterator
from pathlib import Path

import httpx
import pytest

from e2e.comparing import days_ago, sums_at_network, sums_in_table
from fakes.held_network import HeldNetwork, held_network
from fakes.server import Server, eventually
from headrace.db import embedded
from headrace.db.embedded import EmbeddedServer

CHIEF = "chief@example.com"
_EXTRACTS = 4


@pytest.fixture
def postgres() -> Iterator[EmbeddedServer]:
    """A PostgreSQL of this test's own, which it may stop."""
    home = Path(tempfile.mkdtemp(prefix="headrace-restart-"))
    home.chmod(0o755)
    server, _ = embedded.start(home)
    yield server
    embedded.stop(server)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture
def network() -> Iterator[HeldNetwork]:
    """The demo network."""
    with held_network() as network:
        yield network


@pytest.fixture
def server(tmp_path: Path, postgres: EmbeddedServer, network: HeldNetwork) -> Iterator[Server]:
    """A web and a worker process on it."""
    made = Server.at(
        tmp_path,
        postgres.url(),
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        base_urls=f'{{"demo_ads": "{network.base_url}"}}',
    )
    made.start("web")
    made.start("worker")
    made.wait_until_it_answers()
    yield made
    made.stop_everything()


def test_a_restart_of_postgresql_leaves_no_run_behind(
    server: Server, network: HeldNetwork, postgres: EmbeddedServer
) -> None:  # F39
    server.sign_up(CHIEF)
    workspace = server.new_workspace(CHIEF)
    accounts = list(workspace.connect_network().values())[:_EXTRACTS]
    network.hold_back("/report?", passing=1)
    extracts = [
        workspace.extract(account, days_ago(20), title=f"Ads {number}")
        for number, account in enumerate(accounts)
    ]
    network.wait_until_asked()
    embedded.stop(postgres)
    assert httpx.get(f"{server.base_url}/healthz").status_code == httpx.codes.OK
    unready = httpx.get(f"{server.base_url}/readyz", timeout=60)
    assert unready.status_code == httpx.codes.SERVICE_UNAVAILABLE
    assert "password" not in unready.text
    network.let_go()
    embedded._launch(postgres.data_dir.parent, postgres.data_dir, postgres.port)
    server.wait_until_it_answers()
    for extract in extracts:
        workspace.wait_extract(extract)
        assert sums_in_table(workspace, extract) == sums_at_network(network, workspace, extract)
    left = "SELECT count(*) FROM procrastinate_jobs"
    eventually(lambda: server.query(left) == [(0,)], "no job is left")
    stuck = "SELECT count(*) FROM run WHERE status IN ('waiting', 'admitted', 'running')"
    assert server.query(stuck) == [(0,)]
