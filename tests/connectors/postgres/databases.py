"""Databases to read from and reads of them, for the tests of the postgres connector."""

from collections.abc import Callable
from typing import Any

import psycopg
import pyarrow as pa
import pytest

from fakes.journal import RecordingJournal
from headrace.connectors.contract import Access, BadValues, ReadRequest
from headrace.connectors.sources.postgres import CONNECTOR
from headrace.db.embedded import EmbeddedServer
from headrace.kit.days import DayRange
from headrace.kit.outbound import OutboundHttp, OutboundPolicy

LOOPBACK = OutboundPolicy(frozenset({"127.0.0.1", "localhost"}))


class SourceDatabase:
    """An empty database of a real server, and connections to it."""

    def __init__(self, server: EmbeddedServer, name: str) -> None:
        self.server = server
        self.name = name

    def execute(self, *statements: str) -> None:
        with psycopg.connect(
            host=self.server.host,
            port=self.server.port,
            user=self.server.user,
            password=self.server.password,
            dbname=self.name,
            autocommit=True,
        ) as connection:
            for statement in statements:
                connection.execute(statement.encode())

    def access(
        self, password: str | None = None, policy: OutboundPolicy = LOOPBACK, **settings: Any
    ) -> Access:
        return Access(
            credentials={"password": password or self.server.password},
            settings={
                "host": self.server.host,
                "port": self.server.port,
                "database": self.name,
                "user": self.server.user,
                **settings,
            },
            base_url="",
            http=OutboundHttp(policy),
            policy=policy,
        )


def source_database(request: pytest.FixtureRequest) -> SourceDatabase:
    """Make a database with the shared fixtures."""
    server: EmbeddedServer = request.getfixturevalue("postgres_server")
    make: Callable[[], str] = request.getfixturevalue("make_database")
    return SourceDatabase(server, make().rpartition("/")[2].partition("?")[0])


def batches_of(
    access: Access,
    *,
    window: DayRange | None = None,
    bad_values: BadValues = BadValues.FAIL,
    journal: RecordingJournal | None = None,
) -> list[pa.RecordBatch]:
    request = ReadRequest(
        account=next(iter(CONNECTOR.accounts(access))),
        report="rows",
        fields=(),
        window=window,
        journal=journal or RecordingJournal(),
        bad_values=bad_values,
    )
    return list(CONNECTOR.read(access, request))


def rows_of(access: Access, **how: Any) -> list[dict[str, Any]]:
    return [row for batch in batches_of(access, **how) for row in batch.to_pylist()]
