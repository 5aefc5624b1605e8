"""Which credentials each operation takes, and what the others are told."""

from base64 import b64encode

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select, update

from fakes.callers import PASSWORD, AgencyFake, WorkspaceFake, basic
from headrace.access.models import AccessToken, BrowserSession, Membership, User
from headrace.access.permissions import Permission
from headrace.db.engine import transaction
from headrace.kit.sealing import token_digest
from headrace.rest.resources import Resources
from headrace.tenancy.models import Agency

AGENCY_ROUTES = [("GET", "/api/v3/workspaces"), ("POST", "/api/v3/token")]
WORKSPACE_ROUTES = [("GET", "/api/v3/extracts"), ("GET", "/api/v3/loads")]


@pytest.mark.parametrize(("method", "path"), AGENCY_ROUTES)
def test_agency_operations_take_basic_alone(  # S19
    method: str, path: str, client: TestClient, workspace: WorkspaceFake
) -> None:
    for headers in ({}, workspace.headers, {"Authorization": "Digest x"}):
        answer = client.request(method, path, headers=headers, json={"workspace_id": workspace.id})
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"].startswith("Basic ")
        assert "Basic" in answer.json()["details"]


@pytest.mark.parametrize(("method", "path"), WORKSPACE_ROUTES)
def test_workspace_operations_take_no_basic(
    method: str, path: str, client: TestClient, agency: AgencyFake
) -> None:
    for headers in ({}, agency.headers, {"Authorization": "Digest x"}):
        answer = client.request(method, path, headers=headers)
        assert answer.status_code == 401
        assert answer.headers["WWW-Authenticate"] == "Bearer"
        assert "POST /api/v3/token" in answer.json()["details"]


def test_the_catalogue_takes_any_mode(
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    for headers in (agency.headers, workspace.headers):
        assert client.get("/api/v3/datasources", headers=headers).status_code == 200
    assert client.get("/api/v3/datasources").status_code == 401


@pytest.mark.parametrize(
    "value",
    [
        "Basic",
        "Basic !!!",
        "Basic " + b64encode(b"no-colon").decode(),
        "Basic " + b64encode(b"\xff\xfe:x").decode(),
        "Basic " + b64encode(b"a\0b:c").decode(),
        "Basic " + b64encode(b":").decode(),
        "Basic " + b64encode(b"x" * 100_000 + b":" + b"y" * 100_000).decode(),
    ],
)
def test_malformed_basic_is_refused(value: str, client: TestClient) -> None:
    answer = client.get("/api/v3/workspaces", headers={"Authorization": value})
    assert answer.status_code in {401, 431}


def test_unknown_user_and_wrong_password_look_alike(  # S32
    client: TestClient, agency: AgencyFake
) -> None:
    wrong = client.get("/api/v3/workspaces", headers=basic(agency.username, "wrong password"))
    unknown = client.get("/api/v3/workspaces", headers=basic("nobody@example.com"))
    assert wrong.status_code == unknown.status_code == 401
    assert wrong.content == unknown.content
    assert set(wrong.headers) == set(unknown.headers)


@pytest.mark.parametrize("token", ["", "x", "Ünïcode".encode().decode("latin-1"), "a" * 10_000])
def test_unknown_tokens_are_refused(token: str, client: TestClient) -> None:
    answer = client.get(
        "/api/v3/extracts", headers={"Authorization": b"Bearer " + token.encode("latin-1")}
    )
    assert answer.status_code == 401


@pytest.mark.parametrize("key", ["token", "access_token", "username", "Authorization"])
def test_credentials_in_the_address_are_not_read(  # S39
    key: str, client: TestClient, workspace: WorkspaceFake
) -> None:
    token = workspace.headers["Authorization"].removeprefix("Bearer ")
    assert client.get("/api/v3/extracts", params={key: token}).status_code == 401


def test_what_is_kept_of_a_token_cannot_be_replayed(  # S34
    client: TestClient, workspace: WorkspaceFake, resources: Resources
) -> None:
    token = workspace.headers["Authorization"].removeprefix("Bearer ")
    with transaction(resources.sessions) as session:
        kept = session.get(AccessToken, token_digest(token))
        assert kept is not None
        assert token not in [str(getattr(kept, column.key)) for column in kept.__table__.columns]
    answer = client.get("/api/v3/extracts", headers={"Authorization": f"Bearer {kept.digest}"})
    assert answer.status_code == 401


def test_an_agency_without_the_flag_is_closed(  # S20
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    cookie = _sign_in(client, agency)
    with transaction(resources.sessions) as session:
        session.execute(
            update(Agency).where(Agency.id == agency.agency_id).values(can_use_embedded_api=False)
        )
    closed = [
        client.get("/api/v3/workspaces", headers=agency.headers),
        workspace.call("GET", "/api/v3/extracts"),
        client.get("/api/v3/extracts", headers=_in_workspace(cookie, workspace.id)),
    ]
    assert [answer.status_code for answer in closed] == [403, 403, 403]
    assert "not enabled" in closed[0].json()["details"]


# Cookie mode.


def _sign_in(client: TestClient, agency: AgencyFake) -> str:
    answer = client.post("/api/v3/session", headers=agency.headers)
    assert answer.status_code == 200
    client.cookies.clear()  # each request says for itself which credentials it has
    return str(answer.cookies["dts_session_id"])


def _in_workspace(cookie: str, workspace_id: object, **more: str) -> dict[str, str]:
    return {
        "Cookie": f"dts_session_id={cookie}",
        "X-IM-WORKSPACE-ID": str(workspace_id),
        **more,
    }


def test_the_cookie_is_closed_to_scripts_and_kept_as_a_digest(
    client: TestClient, agency: AgencyFake, resources: Resources
) -> None:
    answer = client.post("/api/v3/session", headers=agency.headers)
    cookie = answer.headers["Set-Cookie"]
    client.cookies.clear()
    assert "HttpOnly" in cookie
    assert "SameSite=lax" in cookie
    assert answer.cookies["dts_session_id"] not in answer.text
    with transaction(resources.sessions) as session:
        digests = session.scalars(select(BrowserSession.digest)).all()
    assert token_digest(answer.cookies["dts_session_id"]) in digests


def test_a_cookie_enters_each_workspace_of_its_user(
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    cookie = _sign_in(client, agency)
    for entered in (workspace, agency.new_workspace()):
        answer = client.get("/api/v3/extracts", headers=_in_workspace(cookie, entered.id))
        assert answer.status_code == 200


@pytest.mark.parametrize("given", ["", "x", "-1", "1.0", "٣", "9" * 30, "1,2"])
def test_the_workspace_must_be_named(  # S06
    given: str, client: TestClient, agency: AgencyFake
) -> None:
    cookie = _sign_in(client, agency)
    headers = {key: value.encode() for key, value in _in_workspace(cookie, given).items()}
    answer = client.get("/api/v3/extracts", headers=headers)
    assert answer.status_code == 400
    assert "X-IM-WORKSPACE-ID" in answer.json()["details"]


def test_foreign_and_missing_workspaces_look_alike(  # S05, S16
    client: TestClient, agency: AgencyFake, other_workspace: WorkspaceFake
) -> None:
    cookie = _sign_in(client, agency)
    answers = [
        client.get("/api/v3/extracts", headers=_in_workspace(cookie, workspace_id))
        for workspace_id in (other_workspace.id, 2**62, 0)
    ]
    assert [answer.status_code for answer in answers] == [403, 403, 403]
    assert len({answer.content for answer in answers}) == 1


@pytest.mark.parametrize(
    ("headers", "is_let_in"),
    [
        ({}, True),
        ({"Origin": "http://testserver"}, True),
        ({"Sec-Fetch-Site": "same-origin"}, True),
        ({"Sec-Fetch-Site": "none"}, True),
        ({"Origin": "http://testserver.evil.test"}, False),
        ({"Origin": "https://testserver"}, False),
        ({"Origin": "null"}, False),
        ({"Origin": ""}, False),
        ({"Sec-Fetch-Site": "cross-site"}, False),
        ({"Sec-Fetch-Site": "same-site"}, False),
        ({"Origin": "http://evil.test", "Sec-Fetch-Site": "same-origin"}, False),
    ],
)
def test_writes_with_a_cookie_come_from_our_own_pages(  # S51
    headers: dict[str, str],
    is_let_in: bool,
    client: TestClient,
    agency: AgencyFake,
    workspace: WorkspaceFake,
) -> None:
    cookie = _sign_in(client, agency)
    asked = _in_workspace(cookie, workspace.id, **headers)
    written = client.delete("/api/v3/extracts/1", headers=asked)
    assert written.status_code == (404 if is_let_in else 403)
    assert client.get("/api/v3/extracts", headers=asked).status_code == 200


def test_a_header_wins_over_a_cookie(
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    cookie = _sign_in(client, agency)
    asked = _in_workspace(cookie, workspace.id, Authorization="Bearer gone")
    assert client.get("/api/v3/extracts", headers=asked).status_code == 401


def test_a_cookie_does_not_open_agency_operations(
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    cookie = _sign_in(client, agency)
    asked = _in_workspace(cookie, workspace.id)
    assert client.get("/api/v3/workspaces", headers=asked).status_code == 401


# Roles.


def test_members_do_not_manage_workspaces(  # S19
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    name = _member_name(agency, workspace, resources)
    answer = client.post("/api/v3/workspaces", json={"title": "mine"}, headers=basic(name))
    assert answer.status_code == 403
    assert Permission.ADMIN_MANAGE_WORKSPACES in answer.json()["details"]
    elsewhere = agency.new_workspace()
    listed = client.get("/api/v3/workspaces", headers=basic(name)).json()["results"]
    assert [item["id"] for item in listed] == [workspace.id]
    token = client.post("/api/v3/token", json={"workspace_id": elsewhere.id}, headers=basic(name))
    assert token.status_code == 404


def _member_name(agency: AgencyFake, workspace: WorkspaceFake, resources: Resources) -> str:
    agency.member(workspace, "workspace_admin")
    with transaction(resources.sessions) as session:
        return session.scalars(
            select(User.username)
            .join(Membership, Membership.user_id == User.id)
            .where(Membership.workspace_id == workspace.id)
        ).one()


def test_a_token_of_another_agencys_workspace_is_not_made(  # S07
    agency: AgencyFake, other_workspace: WorkspaceFake
) -> None:
    answers = [
        agency.call("POST", "/api/v3/token", json={"workspace_id": workspace_id})
        for workspace_id in (other_workspace.id, 2**40)
    ]
    assert [answer.status_code for answer in answers] == [404, 404]
    assert answers[0].content == answers[1].content


def test_a_bearer_stays_in_its_workspace(  # S04
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    sibling = agency.new_workspace()
    headers = workspace.headers | {"X-IM-WORKSPACE-ID": str(sibling.id)}
    page = workspace.client.get("/api/v3/loads", headers=headers)
    assert page.status_code == 200
    assert page.json() == workspace.get("/api/v3/loads")
    assert PASSWORD not in page.text
