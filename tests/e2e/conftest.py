"""A server of real processes that the tests share, and a network that it reads."""

import base64
import json
import secrets
import shutil
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from fakes.api_callers import RemoteWorkspace
from fakes.held_network import HeldNetwork, held_network
from fakes.server import Server

CHIEF = "chief@example.com"

# What they assert is told as of tests; this has to be said before they are imported.
pytest.register_assert_rewrite("e2e.stories", "e2e.comparing")


@pytest.fixture(scope="session")
def shared_network() -> Iterator[HeldNetwork]:
    with held_network() as network:
        yield network


@pytest.fixture
def network(shared_network: HeldNetwork) -> Iterator[HeldNetwork]:
    """The demo network, with today's calendar and nothing held back."""
    shared_network.turn_back()
    yield shared_network
    shared_network.turn_back()


@pytest.fixture(scope="session")
def open_folder() -> Iterator[Path]:
    """A folder that other users may pass through: the embedded PostgreSQL may run as one."""
    folder = Path(tempfile.mkdtemp(prefix="headrace-e2e-"))
    folder.chmod(0o755)
    yield folder
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="session")
def shared_server(
    open_folder: Path, make_database: Callable[[], str], shared_network: HeldNetwork
) -> Iterator[Server]:
    server = Server.at(
        open_folder / "shared",
        make_database(),
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        base_urls=json.dumps({"demo_ads": shared_network.base_url}),
    )
    server.start("web")
    server.start("worker")
    server.wait_until_it_answers()
    server.sign_up(CHIEF)
    yield server
    shared_network.turn_back()
    server.stop_everything()


@pytest.fixture
def server(shared_server: Server, network: HeldNetwork) -> Server:
    """A web process and one worker on an external PostgreSQL, reading the network."""
    for extra in set(shared_server.running) - {"web", "worker"}:
        shared_server.stop(extra)
    if "worker" not in shared_server.running:
        shared_server.restart_worker()
    return shared_server


@pytest.fixture
def workspace(server: Server) -> Iterator[RemoteWorkspace]:
    """A new workspace on the shared server."""
    entered = server.new_workspace(CHIEF)
    yield entered
    entered.close()
