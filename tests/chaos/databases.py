"""The PostgreSQL under it all: one of our own that can be broken, or the operator's by its URL."""

import secrets
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from urllib.parse import urlsplit, urlunsplit

import psycopg
from psycopg import sql

from headrace.db import embedded
from headrace.db.embedded import EmbeddedServer
from headrace.db.engine import plain_dsn


@dataclass
class Databases:
    """Two databases of one server: Headrace's own, and one that loads deliver into.

    breakable: the server, where it is ours to stop and start.
    """

    own_url: str
    warehouse_url: str
    port: int
    breakable: EmbeddedServer | None

    def own_through(self, port: int) -> str:
        """The URL of Headrace's own database by way of another port."""
        return _through(self.own_url, port)

    def restart(self, mode: str) -> None:
        """Stop the server (`fast`: with a word to its clients, `immediate`: without) and start it."""
        assert self.breakable is not None
        folder = self.breakable.data_dir.parent
        control = ("pg_ctl", "-D", str(self.breakable.data_dir))
        embedded._run(folder, *control, "-m", mode, "-w", "stop")
        embedded._launch(folder, self.breakable.data_dir, self.port)


def _through(url: str, port: int) -> str:
    parts = urlsplit(url)
    who = parts.netloc.rpartition("@")[0]
    return urlunsplit(parts._replace(netloc=f"{who}@127.0.0.1:{port}", query="sslmode=disable"))


@contextmanager
def databases(home: Path, database_url: str) -> Iterator[Databases]:
    """Make two new databases, for a block, at a server by its URL; with none, at one of our own."""
    if not database_url:
        server, _ = embedded.start(home)
        try:
            own, warehouse = (server.make_database(name) for name in ("own", "warehouse"))
            yield Databases(own, warehouse, server.port, server)
        finally:
            embedded.stop(server)
        return
    mark = secrets.token_hex(4)
    names = [f"headrace_chaos_{mark}_{name}" for name in ("own", "warehouse")]
    with psycopg.connect(plain_dsn(database_url), autocommit=True) as connection:
        for name in names:
            connection.execute(sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name)))
    own, warehouse = (urlunsplit(urlsplit(database_url)._replace(path=f"/{n}")) for n in names)
    try:
        yield Databases(own, warehouse, urlsplit(database_url).port or 5432, None)
    finally:
        with psycopg.connect(plain_dsn(database_url), autocommit=True) as connection:
            for name in names:
                drop = sql.SQL("DROP DATABASE {} WITH (FORCE)").format(sql.Identifier(name))
                connection.execute(drop)
