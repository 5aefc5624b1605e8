"""Deleting a connection: credentials are taken back where that is ours to do, and erased (S64)."""

import threading
import time
from typing import Any

import pytest
from sqlalchemy import select, text
from sqlalchemy.orm import Session

from connectors.facebook.asking import access_to
from fakes.ads_network import AdsNetwork, demo_token
from fakes.callers import AgencyFake, WorkspaceFake
from fakes.graph_api import TOKEN, GraphApi
from fakes.persons import PersonFake, begin, receipt_of, served_by
from headrace.connections import revoking
from headrace.connections.models import Account, Connection
from headrace.connectors.sources.facebook import CONNECTOR as FACEBOOK
from headrace.extracts.models import Extract
from headrace.kit.outcomes import Reauthorize
from headrace.settings import Settings


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork, graph: GraphApi) -> Settings:
    network.requests.clear()
    network.faults.clear()
    ours = served_by(settings, network)
    return ours.model_copy(update={"base_urls": ours.base_urls | {"facebook": graph.base_url}})


def delete(workspace: WorkspaceFake, connection_id: int) -> None:
    assert workspace.call("DELETE", f"/api/v3/connections/{connection_id}").status_code == 204


def outcome(session: Session, connection_id: int) -> str | None:
    return session.scalar(select(Connection.revocation).where(Connection.id == connection_id))


def test_what_a_person_granted_is_taken_back(
    agency: AgencyFake,
    workspace: WorkspaceFake,
    person: PersonFake,
    session: Session,
    network: AdsNetwork,
) -> None:
    made = person.connects(workspace)["connection_id"]
    template = workspace.get(
        "/api/v3/datasources/demo_ads/extract-templates", search="Campaigns by day"
    )["results"][0]["id"]
    account = workspace.get(f"/api/v3/connections/{made}/accounts")["results"][0]["id"]
    body = {"data_table_title": "T", "template_id": template, "accounts": [account]}
    workspace.post("/api/v3.1/extracts/", body)

    delete(workspace, made)

    assert network.asked("POST /oauth/revoke") == 2  # the refresh token, and the access token
    row = session.scalars(select(Connection).where(Connection.id == made)).one()
    assert row.credentials is row.grant_digest is None
    assert row.revocation == revoking.REVOKED
    assert session.scalars(select(Account.is_active).distinct()).all() == [False]
    assert session.scalars(select(Extract.is_paused)).all() == [True]
    trail = agency.call("GET", "/api/v3/audit-log").json()["results"]
    told = next(item for item in trail if item["action"] == "delete_connection")
    changes = [item for item in told["changes"] if item.get("object_type") == "connection"]
    assert changes[0]["after"]["revocation"] == revoking.REVOKED
    assert workspace.call("DELETE", f"/api/v3/connections/{made}").status_code == 404


@pytest.mark.parametrize("status", [503, 400])
def test_a_platform_that_does_not_answer_stops_nothing(
    status: int,
    workspace: WorkspaceFake,
    person: PersonFake,
    session: Session,
    network: AdsNetwork,
) -> None:
    made = person.connects(workspace)["connection_id"]
    network.answer_next("/oauth/revoke", 5, status)

    delete(workspace, made)

    assert (outcome(session, made) or "").startswith("not revoked: Demo Ads")
    stored = session.scalar(text("SELECT credentials FROM connection"))
    assert stored is None


def test_a_platform_that_hangs_is_waited_for_in_bounds(
    monkeypatch: pytest.MonkeyPatch,
    workspace: WorkspaceFake,
    person: PersonFake,
    session: Session,
) -> None:
    made = person.connects(workspace)["connection_id"]
    released = threading.Event()
    connector = type(revoking.service.connector_named("demo_ads"))
    monkeypatch.setattr(connector, "revoke", lambda _self, _access: released.wait(30))
    monkeypatch.setattr(revoking, "_PATIENCE_SECONDS", 0.2)
    began = time.monotonic()

    delete(workspace, made)

    assert not released.is_set()
    assert time.monotonic() - began < 30
    released.set()
    assert "no answer" in (outcome(session, made) or "")


def test_credentials_that_were_handed_to_us_are_left_alone(
    workspace: WorkspaceFake, session: Session, network: AdsNetwork
) -> None:
    token = demo_token(network)
    body = {"credentials": {"access_token": token}}
    made = workspace.post("/api/v3/datasources/demo_ads/connections", body)["id"]

    delete(workspace, made)

    assert network.asked("/oauth/revoke") == 0
    assert outcome(session, made) == revoking.GIVEN
    assert network.access(token).credentials  # and it still opens the network:
    connector = revoking.service.connector_named("demo_ads")
    connector.check(network.access(token))


def test_a_source_that_offers_no_way_says_so(
    workspace: WorkspaceFake, session: Session, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "orders.csv"
    file.write_text("day,spend\n2026-01-01,5\n")
    body = {"settings": {"url": file.as_uri()}}
    made = workspace.post("/api/v3/datasources/file_import/connections", body)["id"]

    delete(workspace, made)

    assert outcome(session, made) == revoking.NOT_OFFERED


def meta(agency: AgencyFake, workspace: WorkspaceFake) -> int:
    """Connect Meta by OAuth, as the person who granted the app before."""
    ended = through_meta(agency, workspace)
    assert ended["status"] == "connected", ended
    return int(ended["connection_id"])


def through_meta(agency: AgencyFake, workspace: WorkspaceFake) -> dict[str, Any]:
    """Go the way through Meta's dialog and back; returns the authorization as it ended."""
    client = {"client_id": "123", "client_secret": "s3cret"}
    agency.call("PUT", "/api/v3/connector-settings/facebook", json=client)
    begun = begin(workspace, "facebook")
    state = begun["authorize_url"].partition("state=")[2].partition("&")[0]
    back = workspace.client.get("/oauth/facebook/callback", params={"state": state, "code": "c0de"})
    workspace.client.post("/oauth/facebook/callback", data={"receipt": receipt_of(back)})
    ended: dict[str, Any] = workspace.get(f"/api/v3/authorizations/{begun['id']}")
    return ended


def test_a_grant_that_carries_several_lives_as_long_as_the_last(  # S17
    agency: AgencyFake, workspace: WorkspaceFake, session: Session, graph: GraphApi
) -> None:
    first, second = meta(agency, workspace), meta(agency, workspace)

    delete(workspace, first)
    assert outcome(session, first) == revoking.SHARED
    FACEBOOK.check(access_to(graph))  # the other connection still works

    delete(workspace, second)
    assert outcome(session, second) == revoking.REVOKED
    with pytest.raises(Reauthorize):
        FACEBOOK.check(access_to(graph))


def test_meta_is_connected_by_oauth_with_the_agencys_own_client(
    agency: AgencyFake, workspace: WorkspaceFake, graph: GraphApi
) -> None:
    made = meta(agency, workspace)

    listed = workspace.get(f"/api/v3/connections/{made}/accounts")["results"]
    assert [row["account_id"] for row in listed] == ["111"]
    exchange, lasting = [call for call in graph.calls if call.path == "oauth/access_token"][:2]
    assert exchange.method == "GET"
    assert exchange.parameters["code"] == "c0de"
    assert exchange.parameters["code_verifier"]
    assert exchange.parameters["redirect_uri"] == "http://localhost:8080/oauth/facebook/callback"
    assert lasting.parameters["grant_type"] == "fb_exchange_token"
    assert all(
        call.parameters.get("access_token") in (None, TOKEN) for call in graph.calls
    )  # reads go with the token that lasts


def test_meta_without_the_permission_to_read_is_not_connected(  # S62
    agency: AgencyFake, workspace: WorkspaceFake, graph: GraphApi
) -> None:
    graph.grant(ads_read="declined", business_management="granted")

    ended = through_meta(agency, workspace)

    assert ended["error"]["error_code"] == "scope_missing"
    assert "ads_read" in ended["error"]["error_message"]
    assert workspace.get("/api/v3/datasources/facebook/connections")["results"] == []
