"""A role is deleted while it is being given away: nobody is left without one."""

from collections.abc import Callable, Iterator
from concurrent.futures import Future, ThreadPoolExecutor

import psycopg
import pytest
from fastapi.testclient import TestClient
from httpx import Response

from fakes.callers import AgencyFake, WorkspaceFake
from headrace.access import service as access
from headrace.access.permissions import ALL_PERMISSIONS, VIEWER
from headrace.app import create_app
from headrace.db.engine import plain_dsn, transaction
from headrace.rest.resources import Resources, open_resources
from headrace.roles import service as roles
from headrace.settings import Settings
from headrace.tenancy.scope import AgencyScope

_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"


@pytest.fixture
def committed(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process's resources on a database of the test's own."""
    opened = open_resources(settings, committed_database, threads=4)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def agency(settings: Settings, committed: Resources) -> Iterator[AgencyFake]:
    """An agency with a role of its own, `Runner`."""
    with TestClient(create_app(settings, committed), raise_server_exceptions=False) as client:
        made = AgencyFake.create(committed, client)
        body = {"title": "Runner", "permissions": {"load": ["run"]}}
        assert made.call("POST", "/api/v3/roles/", json=body).status_code == 201
        yield made


@pytest.fixture
def workspace(agency: AgencyFake) -> WorkspaceFake:
    """A workspace of the agency."""
    return agency.new_workspace()


def _role_id(agency: AgencyFake, title: str) -> int:
    listed = agency.call("GET", "/api/v3/roles/").json()["roles"]
    return int(next(role["id"] for role in listed if role["title"] == title))


def _held(workspace: WorkspaceFake) -> dict[str, str]:
    members = workspace.get("/api/v3/members")["results"]
    return {member["email"]: member["role_title"] for member in members}


def _while_it_waits(
    database: str, ask: Callable[[], Response], pool: ThreadPoolExecutor
) -> "Future[Response]":
    """Send a request and return when its transaction waits for another."""
    asked = pool.submit(ask)
    with psycopg.connect(plain_dsn(database), autocommit=True) as watching:
        name = watching.info.dbname
        while watching.execute(_WAITS, [name]).fetchone() == (0,):
            assert not asked.done(), asked.result().text
            watching.execute("SELECT pg_sleep(0.01)")
    return asked


def test_a_role_given_first_is_taken_by_the_deletion(  # S24
    committed: Resources, committed_database: str, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    role_id = _role_id(agency, "Runner")
    early, late = (agency.member(workspace, role) for role in ("Runner", "viewer"))
    with ThreadPoolExecutor(1) as pool:
        with transaction(committed.sessions) as session:
            user = access.user_named(session, late.username)
            access.grant(session, user, workspace.id, "Runner")
            asked = _while_it_waits(
                committed_database,
                lambda: agency.call("DELETE", f"/api/v3/roles/{role_id}"),
                pool,
            )
        answer = asked.result()
    assert (answer.status_code, answer.json()) == (200, {"reassigned_users_count": 2})
    assert _held(workspace) == {early.username: "Viewer", late.username: "Viewer"}


def test_a_role_deleted_first_is_not_given_any_more(  # S24
    committed: Resources, committed_database: str, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    role_id = _role_id(agency, "Runner")
    member = agency.member(workspace, "editor")
    user_id = workspace.get("/api/v3/members")["results"][0]["user_id"]
    with ThreadPoolExecutor(1) as pool:
        with transaction(committed.sessions) as session:
            chief = access.user_named(session, agency.username)
            scope = AgencyScope(agency.agency_id, chief.id, ALL_PERMISSIONS)
            assert roles.delete(session, scope, role_id) == 0
            asked = _while_it_waits(
                committed_database,
                lambda: workspace.call(
                    "PUT", f"/api/v3/members/{user_id}", json={"role_id": role_id}
                ),
                pool,
            )
        answer = asked.result()
    assert answer.status_code == 400
    assert "no role" in answer.json()["details"]
    assert _held(workspace) == {member.username: "Editor"}
    viewers = agency.call("GET", f"/api/v3/roles/{VIEWER.id}/users").json()["users"]
    assert viewers == []
