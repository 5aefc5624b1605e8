"""What ends with a password, a user, a workspace or an agency's flag: all of it, at once."""

from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, func, select

from fakes.callers import PASSWORD, AgencyFake, WorkspaceFake, basic
from headrace.access import queries
from headrace.access import service as access
from headrace.access.errors import ExternalAuthOff
from headrace.access.models import AccessToken, BrowserSession, TokenKind
from headrace.access.permissions import ALL_PERMISSIONS
from headrace.app import create_app
from headrace.db.engine import plain_dsn, transaction
from headrace.kit import clock
from headrace.rest.errors import AppError
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings
from headrace.tenancy.models import Workspace
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

NEW = "another good password"
EXTRACTS = "/api/v3/extracts"


def _sign_in(client: TestClient, username: str) -> str:
    answer = client.post("/api/v3/session", headers=basic(username))
    client.cookies.clear()
    return str(answer.cookies["dts_session_id"])


def _with_cookie(client: TestClient, cookie: str, workspace: WorkspaceFake) -> int:
    headers = {"Cookie": f"dts_session_id={cookie}", "X-IM-WORKSPACE-ID": str(workspace.id)}
    return client.get(EXTRACTS, headers=headers).status_code


def _kept(resources: Resources) -> tuple[int, int]:
    """How many tokens and sessions there are."""
    with transaction(resources.sessions) as session:
        tokens, sessions = (
            session.scalar(select(func.count()).select_from(kind)) or 0
            for kind in (AccessToken, BrowserSession)
        )
    return tokens, sessions


def test_a_new_password_ends_all_that_the_old_one_made(  # S37
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    member, colleague = (agency.member(workspace, "editor") for _ in range(2))
    cookie = _sign_in(client, member.username)
    with transaction(resources.sessions) as session:
        user = access.user_named(session, member.username)
        session.add(
            AccessToken(
                digest="of an unused iframe URL",
                user_id=user.id,
                workspace_id=workspace.id,
                kind=TokenKind.EMBED_CODE,
                expires_at=clock.now() + access.LIFETIME,
            )
        )
    before = _kept(resources)
    old = basic(member.username)
    changed = client.post("/api/v3/password", headers=old, json={"password": NEW})
    assert (changed.status_code, changed.content) == (204, b"")
    after = _kept(resources)
    assert (before[0] - after[0], before[1] - after[1]) == (2, 1)
    assert member.call("GET", EXTRACTS).status_code == 401
    assert _with_cookie(client, cookie, workspace) == 401
    assert client.get("/api/v3/workspaces", headers=old).status_code == 401
    fresh = basic(member.username, NEW)
    assert client.get("/api/v3/workspaces", headers=fresh).status_code == 200
    assert colleague.call("GET", EXTRACTS).status_code == 200


@pytest.mark.parametrize("body", [{}, {"password": "short"}, {"password": "x" * 1025}])
def test_a_bad_new_password_changes_nothing(
    body: dict[str, str], client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    refused = client.post("/api/v3/password", headers=agency.headers, json=body)
    assert refused.status_code == 400
    assert "password" in refused.json()["errors"]
    assert workspace.call("GET", EXTRACTS).status_code == 200
    assert client.get("/api/v3/workspaces", headers=agency.headers).status_code == 200


def test_a_password_is_changed_by_its_owner_alone(
    client: TestClient, workspace: WorkspaceFake
) -> None:
    for headers in ({}, workspace.headers, basic("nobody@example.com")):
        answer = client.post("/api/v3/password", headers=headers, json={"password": NEW})
        assert answer.status_code == 401


def test_tokens_of_a_disabled_agency_die_and_stay_dead(  # S20, S36
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    member = agency.member(workspace, "editor")
    cookie = _sign_in(client, agency.username)
    agency.set_flag("can_use_embedded_api", False)
    for caller in (workspace, member, agency):
        assert caller.call("GET", "/api/v3/datasources").status_code == 403
    assert agency.call("GET", "/api/v3/roles/").status_code == 403
    assert agency.call("POST", "/api/v3/token", json={"workspace_id": 1}).status_code == 403
    assert _with_cookie(client, cookie, workspace) == 403
    agency.set_flag("can_use_embedded_api", True)
    assert workspace.call("GET", EXTRACTS).status_code == 401
    assert member.call("GET", EXTRACTS).status_code == 401
    assert _with_cookie(client, cookie, workspace) == 401
    assert agency.call("GET", "/api/v3/workspaces").status_code == 200


def test_setting_a_flag_again_ends_nothing(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    agency.set_flag("can_use_embedded_api", True)
    agency.set_flag("external_auth", False)
    assert workspace.call("GET", EXTRACTS).status_code == 200


def test_external_authentication_is_the_operators_to_allow(  # S20
    agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    scope = WorkspaceScope(agency.agency_id, workspace.id, None, ALL_PERMISSIONS)
    with transaction(resources.sessions) as session:
        access.insist_on_external_auth(session, scope)
    agency.set_flag("external_auth", False)
    with transaction(resources.sessions) as session, pytest.raises(ExternalAuthOff):
        access.insist_on_external_auth(session, scope)


def test_tokens_of_a_deleted_workspace_die_others_live(  # S36
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    sibling = agency.new_workspace()
    cookie = _sign_in(client, agency.username)
    with transaction(resources.sessions) as session:
        session.execute(delete(Workspace).where(Workspace.id == workspace.id))
    assert workspace.call("GET", EXTRACTS).status_code == 401
    assert _with_cookie(client, cookie, workspace) == 403
    assert sibling.call("GET", EXTRACTS).status_code == 200


def test_the_last_chief_cannot_be_kept_out(agency: AgencyFake, resources: Resources) -> None:
    with transaction(resources.sessions) as session:
        chief = access.user_named(session, agency.username)
        with pytest.raises(AppError, match="only chief"):
            access.deactivate(session, chief)
        access.create_user(
            session, agency.agency_id, f"2{agency.username}", PASSWORD, is_chief=True
        )
        access.deactivate(session, chief)
    assert agency.call("GET", "/api/v3/workspaces").status_code == 401


# A token being made while the password changes.


@pytest.fixture
def committed(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """A process's resources on a database of the test's own."""
    opened = open_resources(settings, committed_database, threads=4)
    yield opened
    opened.engine.dispose()


def test_no_token_slips_past_a_change_of_password(  # S37
    settings: Settings, committed: Resources, committed_database: str
) -> None:
    with TestClient(create_app(settings, committed)) as client, ThreadPoolExecutor(1) as pool:
        agency = AgencyFake.create(committed, client)
        workspace = agency.new_workspace()
        with transaction(committed.sessions) as session:
            # As far as a request for a token has come: its password was right.
            found = queries.user_by_name(session, agency.username, is_held=True)
            assert found is not None
            scope = AgencyScope(agency.agency_id, found[0].id, ALL_PERMISSIONS)
            minted = access.mint_token(session, scope, workspace.id)
            asked = pool.submit(agency.call, "POST", "/api/v3/password", json={"password": NEW})
            _wait_for_a_lock(committed_database)
        assert asked.result().status_code == 204
        headers = {"Authorization": f"Bearer {minted.secret}"}
        assert client.get(EXTRACTS, headers=headers).status_code == 401


def _wait_for_a_lock(database: str) -> None:
    waits = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"
    with psycopg.connect(plain_dsn(database), autocommit=True) as watching:
        name = watching.info.dbname
        while watching.execute(waits, [name]).fetchone() == (0,):
            watching.execute("SELECT pg_sleep(0.01)")
