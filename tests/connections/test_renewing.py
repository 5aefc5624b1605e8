"""Credentials are made new once, whoever needs them at the same time (S63)."""

import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from typing import Any
from uuid import uuid4

import pytest

from headrace.access import service as access_service
from headrace.access.authentication import server_scope
from headrace.connections import service
from headrace.connections.models import Connection, ConnectionStatus
from headrace.connections.renewal import renewed
from headrace.connectors.abilities import Renewal
from headrace.connectors.contract import Access
from headrace.connectors.registry import connectors
from headrace.db.engine import transaction
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import bind

NAME = "file_import"
WORKERS = 12


class RotatingConnector:
    """The connector of files, with tokens of which each renewal ends the one before."""

    def __init__(self) -> None:
        self._inner: Any = connectors()[NAME]
        self.valid = "first"
        self.renewals = 0
        self.refuses = False
        self._lock = threading.Lock()

    def __getattr__(self, name: str) -> Any:
        return getattr(self._inner, name)

    def renew(self, access: Access) -> Renewal | None:
        with self._lock:
            if access.credentials["token"] != "first":
                return None
            self.renewals += 1
            if self.refuses or self.valid != "first":
                raise Reauthorize("the refresh token was used before")
            self.valid = "second"
        return Renewal({"token": "second"})


@pytest.fixture
def source(monkeypatch: pytest.MonkeyPatch) -> RotatingConnector:
    """A data source whose tokens rotate."""
    connector = RotatingConnector()
    monkeypatch.setitem(connectors(), NAME, connector)
    return connector


@pytest.fixture
def process(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process with a connection for each worker."""
    opened = open_resources(settings, committed_database, threads=WORKERS)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def connection(process: Resources) -> tuple[int, int]:
    """A workspace and a connection in it."""
    with transaction(process.sessions) as session:
        chief = access_service.create_agency(session, "A", "a@example.com", "correct horse")
        workspace = Workspace(agency_id=chief.agency_id, title="W")
        session.add(workspace)
        session.flush()
        made = Connection(
            uid=uuid4(), workspace_id=workspace.id, datasource_name=NAME, title="C", settings={}
        )
        service.replace_credentials(process, made, {"token": "first"})
        session.add(made)
        session.flush()
        return workspace.id, made.id


def token_after_renewal(process: Resources, connection: tuple[int, int]) -> str:
    workspace_id, connection_id = connection
    with transaction(process.sessions) as session:
        scope = server_scope(session, workspace_id)
        bind(session, scope)
        found = renewed(session, scope, process, connection_id)
    token: str = service.open_access(process, found).credentials["token"]
    return token


def test_many_workers_renew_once(
    process: Resources, connection: tuple[int, int], source: RotatingConnector
) -> None:  # S63
    with ThreadPoolExecutor(WORKERS) as workers:
        tokens = list(
            workers.map(lambda _: token_after_renewal(process, connection), range(WORKERS))
        )
    assert tokens == ["second"] * WORKERS
    assert source.renewals == 1


def test_an_answer_that_was_never_stored_asks_for_a_person(
    process: Resources, connection: tuple[int, int], source: RotatingConnector
) -> None:  # S63: a crash between the provider's answer and the commit
    source.valid = "second"
    with pytest.raises(Reauthorize, match="used before"):
        token_after_renewal(process, connection)


def test_a_refusal_is_not_asked_for_again(
    process: Resources, connection: tuple[int, int], source: RotatingConnector
) -> None:  # F08
    source.refuses = True
    with pytest.raises(OutsideError):
        token_after_renewal(process, connection)
    with transaction(process.sessions) as session:
        found = session.get_one(Connection, connection[1])
        found.status, found.error_text = ConnectionStatus.ERROR, "the refresh token was used before"
    with pytest.raises(Reauthorize, match="used before"):
        token_after_renewal(process, connection)
    assert source.renewals == 1
