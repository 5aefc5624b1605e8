"""Users of an agency through the API: made, listed, renamed, kept out."""

import json
from typing import Any

import pytest
from fastapi.testclient import TestClient

from fakes.callers import PASSWORD, AgencyFake, WorkspaceFake, basic
from headrace.access import service as access
from headrace.db.engine import transaction
from headrace.rest.resources import Resources

USERS = "/api/v3/users"
WORKSPACES = "/api/v3/workspaces"


def _create(agency: AgencyFake, username: str, **more: Any) -> dict[str, Any]:
    answer = agency.call("POST", USERS, json={"username": username} | more)
    assert answer.status_code == 201, answer.text
    made: dict[str, Any] = answer.json()
    return made


def _status(client: TestClient, username: str, password: str = PASSWORD) -> int:
    return client.get(WORKSPACES, headers=basic(username, password)).status_code


@pytest.fixture
def name(agency: AgencyFake) -> str:
    """A username that nobody has."""
    return agency.username.replace("agency", "new")


@pytest.fixture
def delegate(agency: AgencyFake, workspace: WorkspaceFake) -> dict[str, str]:
    """The credentials of a member whose role lets them manage the agency's users."""
    role = {"title": "Personnel", "permissions": {"admin": ["manage_roles"]}}
    assert agency.call("POST", "/api/v3/roles/", json=role).status_code == 201
    return basic(agency.member(workspace, "Personnel").username)


def test_a_user_is_made_with_a_password_of_ones_choice(
    agency: AgencyFake, client: TestClient, name: str
) -> None:
    made = _create(agency, name, name="Ada", password=PASSWORD)
    assert made["password"] is None
    assert (made["username"], made["name"], made["is_chief"]) == (name, "Ada", False)
    assert _status(client, name) == 200
    listed = agency.call("GET", USERS).json()
    assert listed["count"] == 2
    assert listed["results"][1] == {key: made[key] for key in made if key != "password"}


def test_a_password_made_here_is_shown_once(
    agency: AgencyFake, client: TestClient, name: str
) -> None:
    made = _create(agency, name)
    assert len(made["password"]) >= 20
    assert _status(client, name, made["password"]) == 200
    assert made["password"] not in agency.call("GET", USERS).text


def test_a_new_user_may_nothing(agency: AgencyFake, client: TestClient, name: str) -> None:
    _create(agency, name, password=PASSWORD)
    agency.new_workspace()
    assert client.get(WORKSPACES, headers=basic(name)).json()["count"] == 0
    assert client.get(USERS, headers=basic(name)).status_code == 403
    refused = client.post(USERS, headers=basic(name), json={"username": f"x{name}"})
    assert refused.status_code == 403


@pytest.mark.parametrize(
    "body",
    [
        {},
        {"username": ""},
        {"username": "a:b"},
        {"username": "a\0b"},
        {"username": "u", "password": "short"},
        {"username": "u", "password": "x" * 1025},
        '{"username": "u", "password": "' + "\\ud800" * 8 + '"}',
        {"username": "u" * 256},
        {"username": 7},
    ],
)
def test_users_that_could_not_sign_in_are_not_made(body: Any, agency: AgencyFake) -> None:
    text = body if isinstance(body, str) else json.dumps(body)
    headers = agency.headers | {"Content-Type": "application/json"}
    answer = agency.client.post(USERS, content=text, headers=headers)
    assert answer.status_code == 400
    assert agency.call("GET", USERS).json()["count"] == 1


def test_names_are_unique_on_the_server(
    agency: AgencyFake, resources: Resources, client: TestClient
) -> None:
    other = AgencyFake.create(resources, client)
    for taken in (agency.username, other.username):
        answer = agency.call("POST", USERS, json={"username": taken})
        assert answer.status_code == 400
        assert "taken" in answer.json()["details"]
    assert agency.call("GET", USERS).json()["count"] == 1


def test_a_user_who_is_kept_out_is_out_at_once(  # S36
    agency: AgencyFake, workspace: WorkspaceFake, client: TestClient
) -> None:
    member = agency.member(workspace, "editor")
    cookie = client.post("/api/v3/session", headers=basic(member.username)).cookies
    client.cookies.clear()
    user = agency.call("GET", USERS).json()["results"][1]
    path = f"{USERS}/{user['id']}"
    answer = agency.call("PATCH", path, json={"is_active": False, "name": "Gone"})
    assert (answer.json()["is_active"], answer.json()["name"]) == (False, "Gone")
    assert member.call("GET", "/api/v3/extracts").status_code == 401
    assert _status(client, member.username) == 401
    assert agency.call("PATCH", path, json={"is_active": True}).json()["is_active"]
    # Let in again they sign in anew; what they had is gone.
    assert _status(client, member.username) == 200
    assert member.call("GET", "/api/v3/extracts").status_code == 401
    held = {"Cookie": f"dts_session_id={cookie['dts_session_id']}"}
    held["X-IM-WORKSPACE-ID"] = str(workspace.id)
    assert client.get("/api/v3/extracts", headers=held).status_code == 401


def test_nobody_keeps_themselves_out(agency: AgencyFake, resources: Resources) -> None:
    me = agency.call("GET", USERS).json()["results"][0]
    path = f"{USERS}/{me['id']}"
    assert agency.call("PATCH", path, json={"is_active": False}).status_code == 403
    assert agency.call("PATCH", path, json={"name": "Chief"}).json()["name"] == "Chief"
    with transaction(resources.sessions) as session, pytest.raises(access.LastChief):
        access.deactivate(session, access.user_named(session, agency.username))


def test_users_of_other_agencies_are_not_found(
    agency: AgencyFake, resources: Resources, client: TestClient
) -> None:  # S01
    other = AgencyFake.create(resources, client)
    theirs = other.call("GET", USERS).json()["results"][0]
    for user_id in (theirs["id"], 2**40):
        answer = agency.call("PATCH", f"{USERS}/{user_id}", json={"is_active": False})
        assert (answer.status_code, answer.json()["details"]) == (404, "User not found.")
    assert other.call("GET", USERS).status_code == 200


def test_a_delegate_manages_users_but_not_the_chief(  # S23
    agency: AgencyFake, client: TestClient, delegate: dict[str, str], name: str
) -> None:
    made = client.post(USERS, headers=delegate, json={"username": name, "is_chief": True})
    assert made.status_code == 201
    assert made.json()["is_chief"] is False
    out = client.patch(f"{USERS}/{made.json()['id']}", headers=delegate, json={"is_active": False})
    assert out.json()["is_active"] is False
    chief = agency.call("GET", USERS).json()["results"][0]
    refused = client.patch(f"{USERS}/{chief['id']}", headers=delegate, json={"is_active": False})
    assert refused.status_code == 403
    assert agency.call("GET", USERS).status_code == 200


def test_roles_stay_the_chiefs(  # S20, S23
    agency: AgencyFake, client: TestClient, delegate: dict[str, str]
) -> None:
    for method, path in (("GET", "/"), ("POST", "/"), ("PATCH", "/1"), ("DELETE", "/1")):
        answer = client.request(method, f"/api/v3/roles{path}", headers=delegate, json={})
        assert answer.status_code == 403
        assert "chief" in answer.json()["details"]


def test_a_right_over_the_agency_is_held_by_the_role_that_gives_it(
    agency: AgencyFake, workspace: WorkspaceFake, client: TestClient
) -> None:
    role = {"title": "Founder", "permissions": {"admin": ["manage_workspaces"]}}
    agency.call("POST", "/api/v3/roles/", json=role)
    elsewhere = agency.new_workspace()
    founder = agency.member(workspace, "Founder")
    mine = basic(founder.username)
    assert client.get(WORKSPACES, headers=mine).json()["count"] == 2
    made = client.post(WORKSPACES, headers=mine, json={"title": "Founded"})
    assert made.status_code == 201
    # It says nothing about what is in the workspaces.
    body = {"workspace_id": elsewhere.id}
    assert client.post("/api/v3/token", headers=mine, json=body).status_code == 404
    agency.grant(founder, workspace, "viewer")
    assert client.get(WORKSPACES, headers=mine).json()["count"] == 1
    assert client.post(WORKSPACES, headers=mine, json={"title": "More"}).status_code == 403
