"""How long credentials live, and what ends them at once."""

from datetime import timedelta

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import delete, select, update
from sqlalchemy.orm import Session

from fakes.callers import PASSWORD, AgencyFake, WorkspaceFake, basic
from fakes.clocks import held
from headrace.access import queries, service
from headrace.access.models import AccessToken, Membership, User
from headrace.access.passwords import hash_password, verify
from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.rest.errors import AppError
from headrace.rest.resources import Resources
from headrace.tenancy.models import Workspace


def _status(workspace: WorkspaceFake) -> int:
    return workspace.call("GET", "/api/v3/extracts").status_code


def test_a_token_lives_half_an_hour_from_its_last_use(  # S35
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    second, almost = timedelta(seconds=1), timedelta(minutes=29, seconds=59)
    now = clock.now()
    with held(now):
        entered = agency.enter(workspace.id, agency.headers)
    for moment in (now + almost, now + 2 * almost):  # renewed by each use
        with held(moment):
            assert _status(entered) == 200
    with held(now + 3 * almost + 2 * second):
        assert _status(entered) == 401


def test_a_token_nobody_uses_ends(workspace: WorkspaceFake) -> None:  # S35
    with clock.shifted(timedelta(minutes=30, seconds=1)):
        answer = workspace.call("GET", "/api/v3/extracts")
    assert answer.status_code == 401
    assert "POST /api/v3/token" in answer.json()["details"]


def test_a_cookie_lives_as_long(  # S35
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    cookie = client.post("/api/v3/session", headers=agency.headers).cookies["dts_session_id"]
    client.cookies.clear()
    asked = {"Cookie": f"dts_session_id={cookie}", "X-IM-WORKSPACE-ID": str(workspace.id)}

    def status(minutes: float) -> int:
        with clock.shifted(timedelta(minutes=minutes)):
            return client.get("/api/v3/extracts", headers=asked).status_code

    assert [status(29.9), status(59), status(89.5)] == [200, 200, 401]


def test_use_is_written_down_once_a_minute(workspace: WorkspaceFake, resources: Resources) -> None:
    def expiry() -> object:
        with transaction(resources.sessions) as session:
            return session.scalars(
                select(AccessToken.expires_at).where(AccessToken.workspace_id == workspace.id)
            ).one()

    made = expiry()
    with clock.shifted(timedelta(seconds=50)):
        _status(workspace)
    assert expiry() == made
    with clock.shifted(timedelta(seconds=70)):
        _status(workspace)
    assert expiry() != made


def test_expired_credentials_are_removed_and_live_ones_kept(
    workspace: WorkspaceFake, agency: AgencyFake, resources: Resources
) -> None:
    with transaction(resources.sessions) as session:
        assert queries.delete_expired(session, clock.now()) == 0
    assert _status(workspace) == 200
    with transaction(resources.sessions) as session:
        assert queries.delete_expired(session, clock.now() + timedelta(minutes=31)) == 1


def test_the_token_answer_says_how_long(client: TestClient, agency: AgencyFake) -> None:
    entered = agency.new_workspace()
    body = agency.call("POST", "/api/v3/token", json={"workspace_id": entered.id}).json()
    assert body["expires_in"] == 1800
    assert body["expires_at"].endswith("Z")
    assert body["workspace_id"] == entered.id


# What ends them at once.


def test_a_removed_user_is_out_with_the_next_request(  # S25
    agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    member = agency.member(workspace, "editor")
    assert _status(member) == 200
    with transaction(resources.sessions) as session:
        session.execute(update(User).where(~User.is_chief).values(is_active=False))
    assert _status(member) == 401
    assert _status(workspace) == 200


def test_a_role_change_binds_the_next_request(  # S25
    agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    member = agency.member(workspace, "editor")
    assert member.call("DELETE", "/api/v3/extracts/1").status_code == 404
    with transaction(resources.sessions) as session:
        user = session.scalars(
            select(User).join(Membership).where(Membership.workspace_id == workspace.id)
        ).one()
        service.grant(session, user, workspace.id, "viewer")
    assert member.call("DELETE", "/api/v3/extracts/1").status_code == 403
    with transaction(resources.sessions) as session:
        session.execute(delete(Membership).where(Membership.workspace_id == workspace.id))
    assert _status(member) == 401


def test_tokens_die_with_their_workspace(  # S36
    workspace: WorkspaceFake, resources: Resources
) -> None:
    with transaction(resources.sessions) as session:
        session.execute(delete(Workspace).where(Workspace.id == workspace.id))
    assert _status(workspace) == 401


# Passwords and users.


def test_a_new_password_replaces_the_old_at_once(
    client: TestClient, agency: AgencyFake, resources: Resources
) -> None:
    assert client.get("/api/v3/workspaces", headers=agency.headers).status_code == 200
    with transaction(resources.sessions) as session:
        session.execute(
            update(User)
            .where(User.username == agency.username)
            .values(password_hash=hash_password("another password"))
        )
    assert client.get("/api/v3/workspaces", headers=agency.headers).status_code == 401
    fresh = basic(agency.username, "another password")
    assert client.get("/api/v3/workspaces", headers=fresh).status_code == 200


@pytest.mark.parametrize(
    ("password", "wrong"),
    [
        ("ü" * 40, "ü" * 39 + "u"),
        ("x" * 500, "x" * 499),  # S33: nothing is cut off
        ("colon:in:it:1", "colon"),
        ("東京東京東京東京", "東京東京東京東"),
    ],
)
def test_passwords_of_any_length_and_script(password: str, wrong: str) -> None:  # S33
    stored = hash_password(password)
    assert verify(stored, password)
    assert not verify(stored, wrong)
    assert not verify(None, password)
    assert not verify("not a hash", password)
    assert "argon2id" in stored
    assert stored != hash_password(password)


@pytest.mark.parametrize(
    ("username", "password", "says"),
    [
        ("", PASSWORD, "username"),
        ("a:b", PASSWORD, "colon"),
        ("a\0b", PASSWORD, "username"),
        ("fine", "short", "8 characters"),
    ],
)
def test_users_that_could_not_sign_in_are_not_made(
    username: str, password: str, says: str, session: Session, agency: AgencyFake
) -> None:
    with pytest.raises(AppError, match=says):
        service.create_user(session, agency.agency_id, username, password)


def test_names_are_unique_on_a_server(session: Session, agency: AgencyFake) -> None:
    with pytest.raises(AppError, match="taken"):
        service.create_user(session, agency.agency_id, agency.username, PASSWORD)
    with pytest.raises(AppError, match="choose another title"):
        service.create_agency(session, agency.username.split("@")[0], "new@example.com", PASSWORD)


def test_roles_are_given_in_workspaces_of_the_agency_alone(
    session: Session, agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    user = service.create_user(session, agency.agency_id, "someone@example.com", PASSWORD)
    with pytest.raises(AppError, match="Workspace not found"):
        service.grant(session, user, other_workspace.id, "viewer")
    with pytest.raises(AppError, match="must be one of"):
        service.grant(session, user, workspace.id, "owner")
