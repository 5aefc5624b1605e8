"""The agency's console: the first run, signing in, workspaces, users, roles, platforms, the trail."""

import re

import pytest
from fastapi.testclient import TestClient
from httpx import Response
from sqlalchemy import text

from fakes.callers import PASSWORD, AgencyFake, WorkspaceFake
from fakes.visitors import Visitor, signed_in
from headrace.console.first_run import setup_code
from headrace.db.engine import transaction
from headrace.settings import Settings

COOKIE = "dts_session_id"


@pytest.fixture
def guest(client: TestClient) -> Visitor:
    """Somebody who is not signed in."""
    return Visitor(client, "/console")


@pytest.fixture
def chief(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in."""
    one = signed_in(workspace, agency.username)
    return Visitor(one.client, "/console", one.headers)


def _signed_in(client: TestClient, username: str, password: str = PASSWORD) -> Response:
    return Visitor(client, "/console").post("/login", {"username": username, "password": password})


def test_the_first_user_is_made_by_who_sees_the_terminal(
    guest: Visitor, settings: Settings
) -> None:
    form = {"title": "Acme", "username": "ada@example.com", "password": "correct horse battery"}
    assert "Nobody uses this server yet" in guest.get("/setup").text
    wrong = guest.post("/setup", form | {"code": "0" * 40})
    assert wrong.status_code == 400
    assert "not the code" in wrong.text
    short = guest.post("/setup", form | {"code": setup_code(settings), "password": "x"})
    assert short.status_code == 400
    assert 'value="ada@example.com"' in short.text
    made = guest.post("/setup", form | {"code": setup_code(settings)})
    assert made.status_code == 303
    cookie = made.cookies[COOKIE]
    inside = Visitor(guest.client, "/console", {"Cookie": f"{COOKIE}={cookie}"})
    assert "There are no workspaces yet" in inside.get("/workspaces").text
    guest.client.cookies.clear()
    again = guest.post("/setup", form | {"code": setup_code(settings), "username": "eve"})
    assert again.headers["Location"] == "/console/login"
    assert _signed_in(guest.client, "eve").status_code == 400


def test_signing_in_and_out(guest: Visitor, agency: AgencyFake) -> None:
    page = guest.get("/workspaces")
    assert page.status_code == 303
    assert page.headers["Location"] == "/console/login?next=/console/workspaces"
    answer = _signed_in(guest.client, agency.username)
    assert answer.headers["Location"] == "/console"
    line = answer.headers["Set-Cookie"]
    assert "HttpOnly" in line
    assert "SameSite=lax" in line
    guest.client.cookies.clear()
    inside = Visitor(guest.client, "/console", {"Cookie": line.partition(";")[0]})
    assert inside.get("/workspaces").status_code == 200
    assert inside.post("/logout").headers["Location"] == "/console/login?said=signed_out"
    assert inside.get("/workspaces").status_code == 303


def test_unknown_users_and_wrong_passwords_look_alike(  # S32
    guest: Visitor, agency: AgencyFake
) -> None:
    answers = [
        guest.post("/login", {"username": name, "password": "wrong wrong"})
        for name in (agency.username, "nobody@example.com")
    ]
    shown = [
        re.sub(r'nonce="[^"]*"|data-request="[^"]*"|value="[^"]*"', "", answer.text)
        for answer in answers
    ]
    assert [answer.status_code for answer in answers] == [400, 400]
    assert "The username or the password is wrong." in shown[0]
    assert shown[0] == shown[1]
    assert "wrong wrong" not in answers[0].text


@pytest.mark.parametrize(
    "wish", ["https://evil.example/", "//evil.example/", "/\\evil.example", "javascript:alert(1)"]
)
def test_signing_in_leads_to_pages_of_ours_alone(  # S54
    guest: Visitor, agency: AgencyFake, wish: str
) -> None:
    form = {"username": agency.username, "password": PASSWORD}
    answer = guest.client.post(
        "/console/login",
        params={"next": wish},
        data=form,
        headers={"Origin": "http://testserver"},
        follow_redirects=False,
    )
    assert answer.headers["Location"] == "/console"


def test_another_site_cannot_sign_its_visitor_in(  # S51
    guest: Visitor, agency: AgencyFake
) -> None:
    form = {"username": agency.username, "password": PASSWORD}
    answer = guest.post("/login", form, {"Origin": "https://evil.example"})
    assert answer.status_code == 403
    assert COOKIE not in answer.cookies


def test_nobody_shows_the_console_in_a_frame(guest: Visitor, chief: Visitor) -> None:  # S44
    for page in (guest.get("/login"), chief.get("/workspaces")):
        assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]
        assert page.headers["X-Frame-Options"] == "DENY"


def test_workspaces(chief: Visitor, workspace: WorkspaceFake) -> None:
    made = chief.post("/workspaces/new", {"title": "Second", "description": ""})
    assert re.fullmatch(r"/workspaces/\d+", made.headers["Location"])
    page = chief.get("/workspaces").text
    assert "Second" in page
    assert "Nothing connected yet" in page
    assert f'href="/workspaces/{workspace.id}"' in page
    renamed = chief.post(f"/workspaces/{workspace.id}/edit", {"title": "Renamed"})
    assert renamed.headers["Location"] == "/console/workspaces?said=saved"
    assert "Renamed" in chief.get("/workspaces?search=rena").text
    assert "Second" not in chief.get("/workspaces?search=rena").text
    double = chief.post("/workspaces/new", {"title": "Second"})
    assert double.status_code in (400, 409)


def test_health_is_counted_of_ones_own_alone(  # S15
    chief: Visitor, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    with transaction(workspace.resources.sessions) as session:
        for each, status in ((workspace, "error"), (other_workspace, "error")):
            session.execute(
                text(
                    "INSERT INTO connection (uid, workspace_id, datasource_name, title, status, "
                    "accounts_status, account_sync_mode, settings) VALUES (gen_random_uuid(), "
                    ":w, 'demo_ads', 't', :s, 'active', 'all', '{}')"
                ),
                {"w": each.id, "s": status},
            )
    page = chief.get("/workspaces").text
    assert page.count("1 connection to reconnect") == 1
    assert f'href="/workspaces/{other_workspace.id}"' not in page


def test_users(chief: Visitor, agency: AgencyFake) -> None:
    made = chief.post("/users/new", {"username": "bob@example.com", "name": "Bob"})
    assert made.status_code == 200
    password = re.search(r"<code>([^<]+)</code>", made.text)
    assert password is not None
    assert password[1] not in chief.get("/users").text
    signed = _signed_in(chief.client, "bob@example.com", password[1])
    assert signed.status_code == 303
    chief.client.cookies.clear()
    bob = Visitor(chief.client, "/console", {"Cookie": f"{COOKIE}={signed.cookies[COOKIE]}"})
    assert bob.get("/users").status_code == 403  # S18
    page = chief.get("/users").text
    path = re.search(r'action="/console(/users/\d+/deactivate)"', page)
    assert path is not None
    chief.post(path[1])
    assert bob.get("/workspaces").status_code == 303
    assert "Kept out" in chief.get("/users").text
    chief.post(path[1].replace("deactivate", "activate"))
    assert "Kept out" not in chief.get("/users").text
    assert agency.username in page


def test_a_new_password_ends_what_the_old_one_made(chief: Visitor) -> None:  # S37
    different = chief.post("/password", {"password": "another horse", "again": "another mule"})
    assert different.status_code == 400
    changed = chief.post("/password", {"password": "another horse", "again": "another horse"})
    assert changed.headers["Location"] == "/console/login?said=password_changed"
    assert chief.get("/workspaces").status_code == 303


def test_what_the_system_calls_roles_and_permissions_is_german_too(
    chief: Visitor, workspace: WorkspaceFake
) -> None:
    # One of the agency's own keeps its title, whatever it is called.
    made = chief.post("/roles/new", {"title": "Load", "permissions": ["load.view"]})
    assert made.status_code == 303, made.text
    page = chief.get("/roles", **{"Accept-Language": "de"}).text
    for words in ("Betrachter", "Verwalter des Arbeitsbereichs", "Verbindungen ansehen"):
        assert words in page
    assert "View connections" not in page
    own_pages = Visitor(chief.client, f"/workspaces/{workspace.id}", chief.headers)
    members = own_pages.get("/members", **{"Accept-Language": "de"}).text
    assert ">Betrachter</option>" in members
    assert ">Load</option>" in members
    # The API speaks English.
    roles = workspace.client.get(
        "/api/v3/member-roles", headers=workspace.headers | {"Accept-Language": "de"}
    )
    assert "Viewer" in [role["title"] for role in roles.json()]


def test_roles_platforms_and_the_trail(chief: Visitor, agency: AgencyFake) -> None:
    roles = chief.get("/roles").text
    assert "Viewer" in roles
    assert "View connections" in roles
    saved = chief.post(
        "/platforms/facebook", {"client_id": "1029384756", "client_secret": "canary-secret"}
    )
    assert saved.headers["Location"] == "/console/platforms?said=saved"
    for path in ("/platforms", "/platforms/facebook"):
        page = chief.get(path).text
        assert "canary-secret" not in page  # S29
    assert "1029384756" in chief.get("/platforms").text
    assert "/oauth/facebook/callback" in chief.get("/platforms/facebook").text
    trail = chief.get("/audit").text
    assert "save_platform" in trail  # S100
    assert agency.username in trail
    assert "canary-secret" not in trail
    chief.post("/platforms/facebook/delete")
    assert "1029384756" not in chief.get("/platforms").text
