"""A code is exchanged once; the session then works within what it was opened for, and ends."""

import threading
from datetime import timedelta
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import func, select, update
from sqlalchemy.orm import Session

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.frames import (
    HOST_PAGE,
    SESSION,
    FrameUrl,
    as_bearer,
    as_cookie,
    mint,
    mint_as_agency,
    opened,
    redeem,
)
from headrace.access import queries, service
from headrace.access.models import AccessToken, TokenKind, User
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.embedding.models import EmbedFrame
from headrace.kit import clock
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings

CONNECTIONS = "/api/v3/datasources/file_import/connections"


def _frames(resources: Resources) -> int:
    with transaction(resources.sessions) as session:
        return session.scalar(select(func.count()).select_from(EmbedFrame)) or 0


def test_a_code_opens_one_session(client: TestClient, workspace: WorkspaceFake) -> None:  # S41
    frame = mint(
        workspace, datasource_name="file_import", origin=HOST_PAGE, lang="de", theme="dark"
    )
    session = opened(client, frame)
    assert session["session_id"] == frame.session_id
    assert (session["origin"], session["lang"], session["theme"]) == (HOST_PAGE, "de", "dark")
    again = redeem(client, frame)
    assert again.status_code == 401
    assert "set-cookie" not in again.headers
    assert again.headers["WWW-Authenticate"] == "Code"
    assert client.get(CONNECTIONS, headers=as_bearer(session)).status_code == 200


def test_an_old_code_opens_nothing(client: TestClient, workspace: WorkspaceFake) -> None:  # S41
    young, old = mint(workspace), mint(workspace)
    with clock.shifted(timedelta(minutes=14, seconds=59)):
        assert redeem(client, young).status_code == 200
    with clock.shifted(timedelta(minutes=15, seconds=1)):
        assert redeem(client, old).status_code == 401


def test_of_many_at_once_one_is_let_in(  # S41
    settings: Settings, committed_database: str, resources: Resources, client: TestClient
) -> None:
    opened_resources = open_resources(settings, committed_database, threads=8)
    with TestClient(create_app(settings, opened_resources)) as served:
        agency = AgencyFake.create(opened_resources, served)
        frame = mint(agency.new_workspace())
        start, statuses = threading.Barrier(8), []

        def bring() -> None:
            start.wait()
            statuses.append(redeem(served, frame).status_code)

        racers = [threading.Thread(target=bring) for _ in range(8)]
        for racer in racers:
            racer.start()
        for racer in racers:
            racer.join()
        assert sorted(statuses) == [200] + [401] * 7
        with transaction(opened_resources.sessions) as session:
            kinds = session.scalars(select(AccessToken.kind)).all()
        assert kinds.count(TokenKind.EMBED) == 1
        assert TokenKind.EMBED_CODE not in kinds
    opened_resources.engine.dispose()


@pytest.mark.parametrize("scheme", ["Bearer", "Code"])
def test_secrets_are_taken_in_their_own_place_alone(
    scheme: str, client: TestClient, workspace: WorkspaceFake
) -> None:
    frame = mint(workspace)
    as_token = client.get(CONNECTIONS, headers={"Authorization": f"{scheme} {frame.code}"})
    assert as_token.status_code == 401
    token = workspace.headers["Authorization"].removeprefix("Bearer ")
    for value in (f"Code {token}", f"Bearer {frame.code}", "Code", "Code x", frame.code):
        answer = client.post(SESSION, headers={"Authorization": value})
        assert answer.status_code == 401, value
    for query in (f"?code={frame.code}", f"?token={frame.code}"):  # S39
        assert client.post(SESSION + query).status_code == 401
    session = opened(client, frame)
    as_code = client.post(SESSION, headers={"Authorization": f"Code {session['token']}"})
    assert as_code.status_code == 401


def test_the_address_decides_nothing(client: TestClient, workspace: WorkspaceFake) -> None:  # S42
    frame = mint(workspace, datasource_name="file_import", origin=HOST_PAGE)
    forged = "?workspace_id=1&datasource_name=facebook&origin=https://evil.test&session=x"
    answer = client.post(
        SESSION + forged,
        headers={"Authorization": f"Code {frame.code}", "Origin": "https://evil.test"},
        json={"workspace_id": 1, "datasource_name": "facebook", "origin": "https://evil.test"},
    )
    assert answer.status_code == 200
    session = answer.json()
    assert session["workspace_id"] == workspace.id
    assert (session["datasource_name"], session["origin"]) == ("file_import", HOST_PAGE)


# The session.


def test_the_cookie_is_for_frames_and_out_of_reach(  # S49
    client: TestClient, workspace: WorkspaceFake
) -> None:
    frame = mint(workspace)
    answer = redeem(client, frame)
    name, *attributes = answer.headers["set-cookie"].split("; ")
    token = answer.json()["token"]
    assert name == f"__Host-embed-{frame.session_id.replace('-', '')}={token}"
    assert {"Secure", "HttpOnly", "SameSite=None", "Partitioned", "Path=/"} <= set(attributes)
    assert not [item for item in attributes if item.lower().startswith("domain")]


def test_cookie_and_bearer_do_the_same(client: TestClient, workspace: WorkspaceFake) -> None:
    session = opened(client, mint(workspace, datasource_name="file_import"))
    told = {key: session[key] for key in session.keys() - {"token", "expires_in", "expires_at"}}
    for headers in (as_bearer(session), as_cookie(session)):
        assert client.get(SESSION, headers=headers).json() == told
        assert client.get(CONNECTIONS, headers=headers).json()["count"] == 0


def test_two_frames_of_one_page_stay_apart(client: TestClient, agency: AgencyFake) -> None:
    first, second = agency.new_workspace(), agency.new_workspace()
    sessions = [opened(client, mint(workspace)) for workspace in (first, second)]
    both = "; ".join(as_cookie(session)["Cookie"] for session in sessions)
    for workspace, session in zip((first, second), sessions, strict=True):
        headers = {"Cookie": both, "X-Embed-Session": session["session_id"]}
        assert client.get(SESSION, headers=headers).json()["workspace_id"] == workspace.id
    assert client.get(SESSION, headers={"Cookie": both}).status_code == 401
    for named in ("", "x", "7b0e3c1a-52c1-4d2e-9d0f-3f1c2b7a9e10"):
        headers = {"Cookie": both, "X-Embed-Session": named}
        assert client.get(SESSION, headers=headers).status_code == 401


@pytest.mark.parametrize(
    ("sent", "status"),
    [
        ({"Origin": "http://testserver"}, 400),
        ({}, 400),
        ({"Origin": HOST_PAGE}, 403),
        ({"Origin": "https://evil.test"}, 403),
        ({"Origin": "null"}, 403),
        ({"Sec-Fetch-Site": "cross-site"}, 403),
    ],
)
def test_writes_come_from_our_own_pages(  # S51
    sent: dict[str, str], status: int, client: TestClient, workspace: WorkspaceFake
) -> None:
    session = opened(client, mint(workspace, datasource_name="file_import", origin=HOST_PAGE))
    answer = client.post(
        CONNECTIONS, json={"settings": {"url": "x"}}, headers=as_cookie(session, **sent)
    )
    assert answer.status_code == status, answer.text


def test_a_session_does_what_it_was_opened_for(
    client: TestClient, workspace: WorkspaceFake
) -> None:
    session = opened(client, mint(workspace, datasource_name="file_import"))
    assert session["permissions"] == ["connection.create", "connection.edit", "connection.view"]
    headers = as_bearer(session)
    allowed = client.get(CONNECTIONS, headers=headers)
    refused = [
        client.get("/api/v3/extracts", headers=headers),
        client.get("/api/v3/loads", headers=headers),
        client.delete("/api/v3/connections/1", headers=headers),
        client.post("/api/v3/get_iframe_url", headers=headers, json={"destination_name": "duckdb"}),
    ]
    assert allowed.status_code == 200
    assert [answer.status_code for answer in refused] == [403] * 4
    # What it opens itself goes no further than it does.
    body: dict[str, Any] = {}
    wider = client.post("/api/v3/get_iframe_url", headers=headers, json=body)
    inner = opened(client, FrameUrl(wider.json()["url"]))
    assert set(inner["permissions"]) <= set(session["permissions"])


def test_nobody_gains_rights_by_opening_a_frame(
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    session = opened(client, mint(agency.member(workspace, "viewer")))
    assert "connection.view" in session["permissions"]
    assert all(item.endswith(".view") for item in session["permissions"])
    chief = opened(client, mint(workspace))
    assert not [item for item in chief["permissions"] if item.startswith("admin.")]


def test_other_credentials_are_no_frame(workspace: WorkspaceFake) -> None:
    assert workspace.call("GET", SESSION).status_code == 404


def test_a_session_lives_half_an_hour_from_its_last_use(  # S35
    client: TestClient, workspace: WorkspaceFake
) -> None:
    session = opened(client, mint(workspace))

    def status(minutes: float) -> int:
        with clock.shifted(timedelta(minutes=minutes)):
            return client.get(SESSION, headers=as_cookie(session)).status_code

    assert [status(29.9), status(59), status(89.5)] == [200, 200, 401]


# What ends it.


def test_a_new_password_ends_urls_and_sessions(  # S37
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    unused = FrameUrl(mint_as_agency(agency, workspace.id).json()["url"])
    session = opened(client, mint(workspace))
    with transaction(resources.sessions) as database:
        service.end_everything_of(database, _user_id(database, agency))
    assert redeem(client, unused).status_code == 401
    assert client.get(SESSION, headers=as_bearer(session)).status_code == 401
    assert _frames(resources) == 0


def _user_id(session: Session, agency: AgencyFake) -> int:
    return session.scalars(select(User.id).where(User.username == agency.username)).one()


def test_a_user_who_is_out_opens_nothing(  # S25 S36
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake, resources: Resources
) -> None:
    member = agency.member(workspace, "editor")
    unused, session = mint(member), opened(client, mint(member))
    with transaction(resources.sessions) as database:
        database.execute(update(User).where(~User.is_chief).values(is_active=False))
    assert redeem(client, unused).status_code == 401
    assert client.get(SESSION, headers=as_bearer(session)).status_code == 401


def test_what_nobody_used_is_removed(workspace: WorkspaceFake, resources: Resources) -> None:
    mint(workspace)
    opened(workspace.client, mint(workspace))
    assert _frames(resources) == 2
    for minutes, left in ((14, 2), (16, 1), (31, 0)):
        with transaction(resources.sessions) as database:
            queries.delete_expired(database, clock.now() + timedelta(minutes=minutes))
        assert _frames(resources) == left
