"""A PostgreSQL database of its own for each test of the contract suite."""

from collections.abc import Callable, Iterator, Mapping, Sequence
from contextlib import contextmanager
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import psycopg
import pytest
from psycopg import conninfo, sql

from contract.loader_cases import Broken, LoaderCase
from headrace.kit.outbound import OutboundPolicy
from headrace.kit.outcomes import Reauthorize, Refused, TryLater
from headrace.loaders.contract import Access, TargetTable

LOCAL = OutboundPolicy(frozenset({"127.0.0.1"}))
NO_PORT = 1  # tcpmux: nothing listens there
WRONG_PASSWORD = "wrong-canary-password"


def dsn_of(url: str) -> str:
    """The libpq form of a SQLAlchemy URL."""
    return url.replace("+psycopg", "")


def access_of(url: str, **changed: Any) -> Access:
    """How a customer would describe the database of a URL, with some parameters changed."""
    parts = conninfo.conninfo_to_dict(dsn_of(url))
    params = {
        "host": parts["host"],
        "port": int(str(parts["port"])),
        "database": parts["dbname"],
        "user": parts["user"],
        "password": parts["password"],
    }
    return Access(params=params | changed, policy=LOCAL)


def read_rows(dsn: str, table: TargetTable, schema: str = "public") -> list[dict[str, Any]]:
    """All rows of a table, of the columns the target names; none if there is no table."""
    with psycopg.connect(dsn, options="-c timezone=UTC", autocommit=True) as connection:
        name = sql.Identifier(schema, table.name)
        try:
            found = connection.execute(sql.SQL("SELECT * FROM {}").format(name))
        except (psycopg.errors.UndefinedTable, psycopg.DataError, psycopg.errors.SyntaxError):
            return []
        names = [column.name for column in found.description or ()]
        rows = [dict(zip(names, row, strict=True)) for row in found.fetchall()]
    return [{c.name: _in_utc(row.get(c.name)) for c in table.columns} for row in rows]


def _in_utc(value: Any) -> Any:
    return value.astimezone(UTC) if isinstance(value, datetime) else value


def leftovers(dsn: str, tables: Sequence[TargetTable]) -> list[str]:
    """Everything in the database that is neither the server's nor one of the tables."""
    query = """
        SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n
        ON n.oid = c.relnamespace
        WHERE n.nspname NOT LIKE 'pg\\_%%' AND n.nspname <> 'information_schema'
        AND NOT (n.nspname = 'public' AND c.relname = ANY(%s))
    """
    with psycopg.connect(dsn, autocommit=True) as connection:
        found = connection.execute(query, ([table.name for table in tables],))
        return [row[0] for row in found.fetchall()]


def _broken(url: str) -> list[Broken]:
    public = Access(access_of(url).params, OutboundPolicy())
    return [
        Broken("wrong password", access_of(url, password=WRONG_PASSWORD), Reauthorize, ("user",)),
        Broken("unknown user", access_of(url, user="nobody_known"), Reauthorize, ("password",)),
        Broken("nothing listens", access_of(url, port=NO_PORT), TryLater, ("cannot be reached",)),
        Broken("unknown host", access_of(url, host="no.invalid"), TryLater, ("no.invalid",)),
        Broken("no such database", access_of(url, database="nowhere"), Refused, ("nowhere",)),
        Broken("no such schema", access_of(url, schema="nowhere"), Refused, ("schema", "nowhere")),
        Broken("private address", public, Refused, ("HEADRACE_ALLOWED_PRIVATE_HOSTS",)),  # S79
        Broken("no encryption", access_of(url, ssl_mode="require"), Refused, ("SSL mode",)),  # S80
        Broken("socket", access_of(url, host="/var/run/postgresql"), Refused, ("sockets",)),  # S79
        Broken("abstract socket", access_of(url, host="@postgres"), Refused, ("sockets",)),
        Broken("list of hosts", access_of(url, host="127.0.0.1,::1"), Refused, ("lists",)),
        Broken("no host", access_of(url, host=""), Refused, ("host", "missing")),
        Broken("bad port", access_of(url, port="5432; x"), Refused, ("65535",)),
        Broken("bad mode", access_of(url, ssl_mode="off"), Refused, ("verify-full",)),
        Broken("NUL", access_of(url, user="a\0b"), Refused, ("user", "NUL")),
    ]


@contextmanager
def open_case(request: pytest.FixtureRequest, folder: Path) -> Iterator[LoaderCase]:
    make_database: Callable[[], str] = request.getfixturevalue("make_database")
    url = make_database()
    dsn = dsn_of(url)

    def rows(table: TargetTable) -> Sequence[Mapping[str, Any]]:
        return read_rows(dsn, table)

    access = access_of(url)
    yield LoaderCase(
        access=access,
        rows=rows,
        leftovers=lambda tables: leftovers(dsn, tables),
        broken=_broken(url),
        secrets=(access.params["password"], WRONG_PASSWORD),
    )
