"""A person goes to a platform and comes back: what becomes a connection, and what does not."""

from datetime import timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fakes.ads_network import AdsNetwork
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.persons import PersonFake, begin, receipt_of, status
from headrace.connections.models import Connection
from headrace.kit import clock
from headrace.oauth.models import Authorization

CONNECTIONS = "/api/v3/datasources/demo_ads/connections"


def connections(workspace: WorkspaceFake) -> list[dict[str, Any]]:
    found: list[dict[str, Any]] = workspace.get(CONNECTIONS)["results"]
    return found


def test_a_person_connects(
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    begun = begin(workspace, title="Ours", settings={"include_misbehaving": True})
    assert begun["status"] == "pending"

    page = person.comes_back(person.answers(begun["authorize_url"]))
    assert page.status_code == 200
    assert status(workspace, begun)["status"] == "returned"
    assert connections(workspace) == []  # nothing before the person says yes
    done = person.says_yes(page)

    assert "is connected" in done.text
    (made,) = connections(workspace)
    assert made["title"] == "Ours"
    ended = status(workspace, begun)
    assert (ended["status"], ended["connection_id"]) == ("connected", made["id"])
    assert ended["error"] is None
    assert made["accounts_number"] > 10  # the misbehaving ones too: the settings came along
    assert network.asked("POST /oauth/token") == 1


def test_the_request_is_as_the_standard_has_it(workspace: WorkspaceFake) -> None:  # S58 S60
    url = urlsplit(begin(workspace)["authorize_url"])
    asked = parse_qs(url.query)

    assert url.path == "/oauth/authorize"
    assert asked["response_type"] == ["code"]
    assert asked["code_challenge_method"] == ["S256"]
    assert len(asked["code_challenge"][0]) == 43
    assert len(asked["state"][0]) >= 43  # 256 bits
    assert asked["scope"] == ["ads.read"]
    assert asked["redirect_uri"] == ["http://localhost:8080/oauth/demo_ads/callback"]


def test_a_forged_host_changes_no_redirect(workspace: WorkspaceFake) -> None:  # S60
    headers = {**workspace.headers, "Host": "evil.test", "X-Forwarded-Host": "evil.test"}

    begun = workspace.client.post(
        "/api/v3/datasources/demo_ads/authorizations", json={}, headers=headers
    ).json()

    assert "evil.test" not in begun["authorize_url"]
    asked = parse_qs(urlsplit(begun["authorize_url"]).query)
    assert asked["redirect_uri"] == ["http://localhost:8080/oauth/demo_ads/callback"]


def test_each_connection_has_tokens_of_its_own(
    person: PersonFake, workspace: WorkspaceFake, session: Session
) -> None:
    first, second = person.connects(workspace), person.connects(workspace)

    assert first["connection_id"] != second["connection_id"]
    sealed = session.execute(select(Connection.credentials, Connection.grant_digest)).all()
    assert len({row.credentials for row in sealed}) == 2
    assert len({row.grant_digest for row in sealed}) == 2


@pytest.mark.parametrize("state", [None, "", "made-up", "x" * 5000])
def test_a_state_that_was_never_issued_connects_nothing(  # S57
    state: str | None, person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    query = {"code": "anything"} | ({} if state is None else {"state": state})

    answer = person.comes_back(query)

    assert answer.status_code == 400
    assert "begin again" in answer.text
    assert network.asked("/oauth/token") == 0
    assert connections(workspace) == []


def test_a_way_back_works_once(  # S57 S58 F50
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    query = person.answers(begin(workspace)["authorize_url"])
    page = person.comes_back(query)

    assert person.comes_back(query).status_code == 400
    person.says_yes(page)
    assert person.comes_back(query).status_code == 400
    assert person.says_yes(page).status_code == 400

    assert len(connections(workspace)) == 1
    assert network.asked("POST /oauth/token") == 1


def test_a_way_back_has_ten_minutes(person: PersonFake, workspace: WorkspaceFake) -> None:  # S57
    begun = begin(workspace)
    query = person.answers(begun["authorize_url"])

    with clock.shifted(timedelta(minutes=10, seconds=1)):
        assert person.comes_back(query).status_code == 400
        ended = status(workspace, begun)

    assert ended["status"] == "expired"
    assert ended["error"]["error_code"] == "expired"
    assert connections(workspace) == []


def test_so_does_a_receipt(person: PersonFake, workspace: WorkspaceFake) -> None:  # S57
    page = person.comes_back(person.answers(begin(workspace)["authorize_url"]))

    with clock.shifted(timedelta(minutes=10, seconds=1)):
        assert person.says_yes(page).status_code == 400

    assert connections(workspace) == []


def test_a_code_that_was_replayed_connects_nothing(  # S58
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    begun = begin(workspace)
    query = person.answers(begun["authorize_url"])
    other = person.answers(begin(workspace)["authorize_url"])

    # The code of one authorization under the state of another: its verifier does not fit.
    page = person.comes_back(query | {"code": other["code"]})
    person.says_yes(page)

    ended = status(workspace, begun)
    assert ended["status"] == "failed"
    assert ended["error"]["error_code"] == "code_refused"
    assert "code_verifier" in ended["error"]["error_message"]
    assert connections(workspace) == []


def test_a_state_of_another_source_is_refused(  # S59
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    begun = begin(workspace)
    query = person.answers(begun["authorize_url"])

    mixed = person.comes_back(query, source="facebook")

    assert "another platform" in mixed.text
    assert status(workspace, begun)["error"]["error_code"] == "provider_mixed_up"
    assert person.comes_back(query).status_code == 400  # the state is burnt
    assert network.asked("/oauth/token") == 0
    assert connections(workspace) == []


def test_an_issuer_that_is_named_is_checked(  # S59
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    wrong, right = begin(workspace), begin(workspace)

    person.comes_back(person.answers(wrong["authorize_url"]) | {"iss": "https://evil.test"})
    page = person.comes_back(person.answers(right["authorize_url"]) | {"iss": network.base_url})
    person.says_yes(page)

    assert status(workspace, wrong)["error"]["error_code"] == "issuer_mismatch"
    assert status(workspace, right)["status"] == "connected"


def test_who_denies_connects_nothing(  # S61
    person: PersonFake, workspace: WorkspaceFake, session: Session, network: AdsNetwork
) -> None:
    begun = begin(workspace)

    page = person.comes_back(person.answers(begun["authorize_url"], "deny"))

    assert "Access was not allowed" in page.text
    ended = status(workspace, begun)
    assert ended["status"] == "denied"
    assert ended["error"] == {
        "error_type": "authorization",
        "error_code": "provider_denied",
        "error_message": "The person declined.",
        "display_message": "Access was not allowed, so nothing was connected. Try again, and allow "
        "access.",
        "retryable": True,
    }
    assert connections(workspace) == []
    row = session.scalars(select(Authorization)).one()
    assert row.sealed_code is row.sealed_verifier is row.receipt_digest is None
    assert network.asked("/oauth/token") == 0


def test_fewer_scopes_than_needed_are_told_at_once(  # S62
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    begun = begin(workspace)
    page = person.comes_back(person.answers(begun["authorize_url"]))
    body = b'{"access_token": "t", "token_type": "Bearer", "scope": "profile"}'
    network.answer_next("/oauth/token", 1, 200, body=body)

    shown = person.says_yes(page)

    ended = status(workspace, begun)
    assert ended["error"]["error_code"] == "scope_missing"
    assert "ads.read" in ended["error"]["error_message"]
    assert "permissions" in shown.text
    assert connections(workspace) == []


@pytest.mark.parametrize(
    ("answered", "body", "code"),
    [
        (503, b"", "provider_unreachable"),
        (200, b"<html>", "code_refused"),
        (200, b"[1]", "code_refused"),
        (200, b'{"access_token": ""}', "code_refused"),
        (400, b'{"error": "invalid_grant"}', "code_refused"),
        (400, b'{"error": {"message": "expired", "code": 100}}', "code_refused"),
        (302, b"", "code_refused"),
    ],
)
def test_a_token_endpoint_that_fails(  # F50
    answered: int,
    body: bytes,
    code: str,
    person: PersonFake,
    workspace: WorkspaceFake,
    network: AdsNetwork,
) -> None:
    begun = begin(workspace)
    page = person.comes_back(person.answers(begun["authorize_url"]))
    network.answer_next("/oauth/token", 1, answered, body=body)

    person.says_yes(page)

    assert status(workspace, begun)["error"]["error_code"] == code
    assert connections(workspace) == []


def test_what_comes_back_is_no_secret_in_words(  # S99
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    begun = begin(workspace)
    query = person.answers(begun["authorize_url"])
    page = person.comes_back(query)
    said = f'{{"error": "invalid_grant", "error_description": "bad {query["code"]}"}}'
    network.answer_next("/oauth/token", 1, 400, body=said.encode())

    person.says_yes(page)

    message = status(workspace, begun)["error"]["error_message"]
    assert query["code"] not in message
    assert "***" in message


def test_script_in_a_platforms_words_is_inert(  # S53
    person: PersonFake, workspace: WorkspaceFake
) -> None:
    state = parse_qs(urlsplit(begin(workspace)["authorize_url"]).query)["state"][0]
    words = "<script>alert(1)</script>"

    page = person.comes_back({"state": state, "error": "x", "error_description": words})

    assert words not in page.text
    assert "&lt;script&gt;" in page.text
    assert "frame-ancestors 'none'" in page.headers["Content-Security-Policy"]  # S44


def test_accounts_that_cannot_be_read_leave_nothing(
    person: PersonFake, workspace: WorkspaceFake, network: AdsNetwork
) -> None:
    begun = begin(workspace)
    page = person.comes_back(person.answers(begun["authorize_url"]))
    network.answer_next("/v1/accounts", 9, 401)

    person.says_yes(page)

    ended = status(workspace, begun)
    assert ended["status"] == "failed"
    assert ended["error"]["error_code"] == "connection_refused"
    assert connections(workspace) == []


def test_reconnecting_keeps_the_id(person: PersonFake, workspace: WorkspaceFake) -> None:
    first = person.connects(workspace)["connection_id"]
    before = workspace.get(f"/api/v3/connections/{first}/accounts")["results"]

    ended = person.connects(workspace, connection_id=first)

    assert (ended["status"], ended["connection_id"]) == ("connected", first)
    assert len(connections(workspace)) == 1
    after = workspace.get(f"/api/v3/connections/{first}/accounts")["results"]
    assert [row["id"] for row in after] == [row["id"] for row in before]


def test_rights_that_were_lost_meanwhile_connect_nothing(  # S25
    agency: AgencyFake, person: PersonFake, workspace: WorkspaceFake
) -> None:
    member = agency.member(workspace, "data_manager")
    begun = begin(member)
    page = person.comes_back(person.answers(begun["authorize_url"]))
    agency.grant(member, workspace, "viewer")

    person.says_yes(page)

    assert status(workspace, begun)["error"]["error_code"] == "rights_lost"
    assert connections(workspace) == []


def test_the_page_names_who_gets_the_data(person: PersonFake, agency: AgencyFake) -> None:
    workspace = agency.new_workspace("Rosa's shop")

    page = person.comes_back(person.answers(begin(workspace)["authorize_url"]))

    assert "Rosa&#39;s shop" in page.text


def test_a_role_that_may_not_connect_begins_nothing(  # S18
    agency: AgencyFake, workspace: WorkspaceFake, person: PersonFake
) -> None:
    made = person.connects(workspace)["connection_id"]
    viewer = agency.member(workspace, "viewer")
    path = "/api/v3/datasources/demo_ads/authorizations"

    for body in ({}, {"connection_id": made}):
        assert viewer.call("POST", path, json=body).status_code == 403


def test_authorizations_of_others_are_not_there(  # S01
    person: PersonFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    mine = begin(workspace)
    made = person.connects(workspace)["connection_id"]
    path = "/api/v3/datasources/demo_ads/authorizations"

    assert other_workspace.call("GET", f"/api/v3/authorizations/{mine['id']}").status_code == 404
    answer = other_workspace.call("POST", path, json={"connection_id": made})
    assert answer.status_code == 404


@pytest.mark.parametrize(
    ("source", "body", "says"),
    [
        ("postgres", {}, "not connected by OAuth"),
        ("facebook", {}, "No OAuth client is set"),
        ("nowhere", {}, "does not exist"),
        ("demo_ads", {"settings": {"rows_per_day": "many"}}, "whole number"),
    ],
)
def test_what_cannot_begin(
    source: str, body: dict[str, Any], says: str, workspace: WorkspaceFake
) -> None:
    answer = workspace.call("POST", f"/api/v3/datasources/{source}/authorizations", json=body)

    assert answer.status_code == 400
    assert says in answer.json()["details"]


def test_no_secret_is_stored_in_the_open(  # S65 S34
    person: PersonFake, workspace: WorkspaceFake, session: Session
) -> None:
    begun = begin(workspace)
    query = person.answers(begun["authorize_url"])
    page = person.comes_back(query)

    stored = str(session.execute(text("SELECT * FROM oauth_authorization")).all())

    for secret in (query["state"], query["code"], receipt_of(page)):
        assert secret not in stored


def test_what_has_ended_is_forgotten_the_day_after(
    workspace: WorkspaceFake, session: Session
) -> None:
    from headrace.oauth.queries import delete_ended_before

    begin(workspace)

    assert delete_ended_before(session, clock.now() + timedelta(hours=23)) == 0
    assert delete_ended_before(session, clock.now() + timedelta(hours=25)) == 1
