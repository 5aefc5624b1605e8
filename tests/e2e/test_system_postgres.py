"""Two workers on the system's own PostgreSQL, of another version than the embedded one."""

import base64
import json
import secrets
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from db.test_other_postgres import make_database, postgres_server
from e2e.conftest import CHIEF
from e2e.test_two_workers import second, test_one_of_two_is_killed
from fakes.held_network import HeldNetwork
from fakes.server import Server

pytestmark = pytest.mark.system  # needs PostgreSQL's server programs

__all__ = [
    "make_database",
    "postgres_server",
    "second",
    "test_one_of_two_is_killed",
]


@pytest.fixture
def server(
    open_folder: Path,
    make_database: Callable[[], str],
    network: HeldNetwork,
) -> Iterator[Server]:
    """A web process and one worker on it."""
    made = Server.at(
        open_folder / f"system-{secrets.token_hex(4)}",
        make_database(),
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        base_urls=json.dumps({"demo_ads": network.base_url}),
    )
    made.start("web")
    made.start("worker")
    made.wait_until_it_answers()
    made.sign_up(CHIEF)
    yield made
    network.let_go()
    made.stop_everything()
