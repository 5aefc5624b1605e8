"""Fifty workers and one authorization that has ended, against a token endpoint that counts."""

import os
import signal
import subprocess
import sys
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from contextlib import AbstractContextManager, contextmanager
from functools import partial
from pathlib import Path
from uuid import uuid4

import pytest
from sqlalchemy import text
from sqlalchemy.orm import Session

from fakes.scripted_server import ScriptedServer, scripted_server
from headrace.access import service as access_service
from headrace.access.authentication import server_scope
from headrace.connections import service
from headrace.connections.models import Connection
from headrace.connections.renewal import renewed_by_itself
from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError, Reauthorize
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import WorkspaceScope, bind

WORKERS = 50
ENDED = {"access_token": "a1", "refresh_token": "r1", "expires_at": "2020-01-01T00:00:00+00:00"}
FRESH = {"access_token": "a2", "refresh_token": "r2", "expires_in": 86_400}
_IS_ANY_KEPT_WAITING = text(
    "SELECT count(*) FROM pg_locks WHERE NOT granted AND relation = 'connection'::regclass"
)
_RENEWS = """
import sys
from headrace.access.authentication import server_scope
from headrace.connections.renewal import renewed_by_itself
from headrace.db.engine import transaction
from headrace.rest.resources import open_resources
from headrace.settings import load_settings

resources = open_resources(load_settings(), sys.argv[1], threads=1)
with transaction(resources.sessions) as session:
    scope = server_scope(session, int(sys.argv[2]))
renewed_by_itself(lambda: transaction(resources.sessions), scope, resources, int(sys.argv[3]))
"""


@pytest.fixture
def provider() -> Iterator[ScriptedServer]:
    """The platform's token endpoint."""
    with scripted_server() as server:
        yield server


@pytest.fixture
def process(
    settings: Settings, committed_database: str, provider: ScriptedServer
) -> Iterator[Resources]:
    """A process with a database connection for each worker."""
    pointed = settings.model_copy(update={"base_urls": {"demo_ads": provider.base_url}})
    opened = open_resources(pointed, committed_database, threads=WORKERS)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def connection(process: Resources) -> tuple[WorkspaceScope, int]:
    """A connection whose access token has ended."""
    with transaction(process.sessions) as session:
        chief = access_service.create_agency(session, "A", "a@example.com", "correct horse")
        workspace = Workspace(agency_id=chief.agency_id, title="W")
        session.add(workspace)
        session.flush()
        made = Connection(
            uid=uuid4(),
            workspace_id=workspace.id,
            datasource_name="demo_ads",
            title="C",
            settings={},
        )
        service.replace_credentials(process, made, ENDED)
        session.add(made)
        session.flush()
        return server_scope(session, workspace.id), made.id


def _renew(process: Resources, connection: tuple[WorkspaceScope, int], _: int = 0) -> str:
    scope, connection_id = connection
    look = partial(_look, process, scope)
    try:
        found = renewed_by_itself(look, scope, process, connection_id)
    except OutsideError as error:
        return type(error).__name__
    return str(service.open_access(process, found).credentials["access_token"])


@contextmanager
def _look(process: Resources, scope: WorkspaceScope) -> Iterator[Session]:
    opened: AbstractContextManager[Session] = transaction(process.sessions)
    with opened as session:
        bind(session, scope)
        yield session


def _events(process: Resources) -> list[str]:
    with transaction(process.sessions) as session:
        return list(session.scalars(text("SELECT type FROM event ORDER BY id")))


def test_fifty_workers_refresh_once(
    process: Resources, connection: tuple[WorkspaceScope, int], provider: ScriptedServer
) -> None:  # S63
    provider.will_answer(200, FRESH)
    with ThreadPoolExecutor(WORKERS) as workers:
        tokens = list(workers.map(partial(_renew, process, connection), range(WORKERS)))
    assert tokens == ["a2"] * WORKERS
    assert len(provider.asked) == 1
    assert b"refresh_token=r1" in provider.asked[0].body


def test_fifty_workers_hear_one_refusal(
    process: Resources, connection: tuple[WorkspaceScope, int], provider: ScriptedServer
) -> None:  # F08
    for _ in range(WORKERS):
        provider.will_answer(400, {"error": "invalid_grant"})
    with ThreadPoolExecutor(WORKERS) as workers:
        ends = list(workers.map(partial(_renew, process, connection), range(WORKERS)))
    assert ends == [Reauthorize.__name__] * WORKERS
    assert len(provider.asked) == 1
    with transaction(process.sessions) as session:
        found = session.get_one(Connection, connection[1])
        assert (found.status, "reconnect" in str(found.error_text).lower()) == ("error", True)
    assert sorted(_events(process)) == ["connection_error", "connection_invalidated"]


def test_a_passing_fault_of_the_provider_breaks_nothing(
    process: Resources, connection: tuple[WorkspaceScope, int], provider: ScriptedServer
) -> None:
    provider.will_answer(503)
    provider.will_answer(200, FRESH)
    assert _renew(process, connection) == "TryLater"
    assert _events(process) == []
    assert _renew(process, connection) == "a2"


def test_a_worker_killed_before_the_new_tokens_are_saved_leaves_a_reconnect(
    process: Resources,
    connection: tuple[WorkspaceScope, int],
    provider: ScriptedServer,
    committed_database: str,
) -> None:  # S63
    scope, connection_id = connection
    provider.will_answer(200, FRESH)
    with transaction(process.sessions) as session:
        session.execute(text("LOCK TABLE connection IN SHARE MODE"))  # nothing can be saved
        worker = _worker(process, committed_database, scope.workspace_id, connection_id)
        while worker.poll() is None and not session.scalar(_IS_ANY_KEPT_WAITING):
            clock.sleep(0.01)
        worker.send_signal(signal.SIGKILL)
        assert worker.wait() == -signal.SIGKILL
    assert len(provider.asked) == 1
    provider.will_answer(400, {"error": "invalid_grant"})  # the old token was exchanged
    assert _renew(process, connection) == Reauthorize.__name__
    assert sorted(_events(process)) == ["connection_error", "connection_invalidated"]


def _worker(
    process: Resources, database_url: str, workspace_id: int, connection_id: int
) -> "subprocess.Popen[bytes]":
    settings = process.settings
    assert settings.secret_key is not None
    return subprocess.Popen(
        [sys.executable, "-c", _RENEWS, database_url, str(workspace_id), str(connection_id)],
        env=os.environ
        | {
            "HEADRACE_HOME": str(settings.home),
            "HEADRACE_SECRET_KEY": settings.secret_key.get_secret_value(),
            "HEADRACE_DATABASE_URL": database_url,
            "HEADRACE_BASE_URLS": f'{{"demo_ads": "{settings.base_urls["demo_ads"]}"}}',
        },
        cwd=Path(__file__).parents[1],
    )
