"""Requests take locks in the order in which workers do, so that neither waits for the other.

Workers hold their run and then change what it is of; schedulers hold schedules and then queue runs.
"""

import time
from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text

from fakes.callers import AgencyFake
from fakes.pipelines import PipelineFake, new_pipeline
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings


@pytest.fixture
def committed(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process's resources on a database of the test's own."""
    opened = open_resources(settings, committed_database, threads=6)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def pipeline(settings: Settings, committed: Resources) -> Iterator[PipelineFake]:
    """A pipeline that has run once, with its extract's next run under way."""
    with TestClient(create_app(settings, committed), raise_server_exceptions=False) as client:
        workspace = AgencyFake.create(committed, client).new_workspace()
        made = new_pipeline(workspace, settings.file_import_roots[0])
        answer = workspace.call("POST", f"/api/v3/extracts/{made.extract_id}/run", json={})
        assert answer.status_code == 200, answer.text
        yield made


def _wait_for_a_lock(resources: Resources, answer: "Future[Response]") -> None:
    """Wait until the transaction of a request waits for another."""
    waiting = text(
        "SELECT count(*) FROM pg_stat_activity "
        "WHERE wait_event_type = 'Lock' AND datname = current_database()"
    )
    while True:
        with transaction(resources.sessions) as session:
            session.execute(text("SET LOCAL ROLE NONE"))  # the login sees what others do
            if session.scalar(waiting):
                return
        assert not answer.done(), f"it waited for nothing: {answer.result().text}"
        time.sleep(0.02)


def _meet(
    resources: Resources, holds: str, then_takes: list[str], request: Callable[[], Response]
) -> Response:
    """Hold rows as a worker does; let a request wait for them; take what a worker takes next."""
    with ThreadPoolExecutor(1) as client:
        with transaction(resources.sessions) as session:
            session.execute(text(f"{holds} FOR UPDATE"))
            answer = client.submit(request)
            _wait_for_a_lock(resources, answer)
            for rows in then_takes:
                session.execute(text(f"{rows} FOR UPDATE NOWAIT"))
        return answer.result()


UNFINISHED = "SELECT FROM run WHERE status = 'waiting'"
SCHEDULES = "SELECT FROM schedule WHERE kind = 'extract'"
EXTRACTS = "SELECT FROM extract"
CONNECTIONS = "SELECT FROM connection"
ACCOUNTS = "SELECT FROM account"


def test_deleting_an_extract_waits_for_schedulers_first(
    committed: Resources, pipeline: PipelineFake
) -> None:
    path = f"/api/v3/extracts/{pipeline.extract_id}/"
    answer = _meet(
        committed, SCHEDULES, [UNFINISHED], lambda: pipeline.workspace.call("DELETE", path)
    )
    assert answer.status_code == 204


@pytest.mark.parametrize("refreshed", [False, True], ids=["extract", "account refresh"])
def test_deleting_a_connection_waits_for_workers_first(
    refreshed: bool, committed: Resources, pipeline: PipelineFake
) -> None:
    workspace = pipeline.workspace
    if refreshed:
        workspace.run_everything()
        workspace.post(f"/api/v3/connections/{pipeline.connection_id}/accounts/refresh", status=200)
    path = f"/api/v3/connections/{pipeline.connection_id}"
    takes = [CONNECTIONS, ACCOUNTS] + ([] if refreshed else [EXTRACTS])
    answer = _meet(committed, UNFINISHED, takes, lambda: workspace.call("DELETE", path))
    assert answer.status_code == 204


def test_changing_accounts_waits_for_a_refresh_first(
    committed: Resources, pipeline: PipelineFake
) -> None:
    path = f"/api/v3/connections/{pipeline.connection_id}/accounts/{pipeline.account_id}"
    answer = _meet(
        committed,
        CONNECTIONS,
        [ACCOUNTS],
        lambda: pipeline.workspace.call(
            "PATCH", path, json={"enabled_for_embedded_extraction": False}
        ),
    )
    assert answer.status_code == 200, answer.text
