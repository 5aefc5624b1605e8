"""Fixtures every test may use: a real PostgreSQL and databases in it."""

import os
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from headrace.db import embedded
from headrace.db.embedded import EmbeddedServer


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedServer]:
    """An embedded PostgreSQL of its own for the whole test session."""
    home = Path(tempfile.mkdtemp(prefix="headrace-test-"))
    home.chmod(0o755)  # the server runs as another user when the tests run as root
    server, _ = embedded.start(home)
    yield server
    embedded.stop(server)
    shutil.rmtree(home, ignore_errors=True)


@pytest.fixture(scope="session")
def make_database(postgres_server: EmbeddedServer) -> Callable[[], str]:
    """Create an empty database at each call and give its SQLAlchemy URL."""
    return lambda: postgres_server.make_database(f"t{os.getpid()}_{uuid.uuid4().hex[:12]}")
