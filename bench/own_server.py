"""A PostgreSQL of its own for a benchmark, migrated and empty."""

import shutil
import tempfile
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from sqlalchemy import Engine

from headrace.db import embedded
from headrace.db.engine import make_engine
from headrace.db.migrating import migrate


@contextmanager
def own_server() -> Iterator[Engine]:
    """Give the engine of a fresh database; the server and its files go with the block."""
    home = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    home.chmod(0o755)
    server, _ = embedded.start(home)
    try:
        engine = make_engine(server.url(), pool_size=4)
        migrate(engine)
        yield engine
        engine.dispose()
    finally:
        embedded.stop(server)
        shutil.rmtree(home, ignore_errors=True)
