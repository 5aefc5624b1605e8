"""An agency's own OAuth clients: set, used, forgotten, never shown."""

from urllib.parse import parse_qs, urlsplit

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import text
from sqlalchemy.orm import Session

from fakes.callers import AgencyFake, WorkspaceFake, basic
from fakes.persons import begin
from headrace.app import create_app
from headrace.kit.setting_values import OAuthClientValue
from headrace.rest.resources import Resources
from headrace.settings import Settings, SettingsError, load_settings

PATH = "/api/v3/connector-settings/facebook"
CLIENT = {"client_id": "1029", "client_secret": "canary-secret"}


def client_of(workspace: WorkspaceFake) -> str:
    url = begin(workspace, "facebook")["authorize_url"]
    return parse_qs(urlsplit(url).query)["client_id"][0]


def test_a_client_is_set_used_and_forgotten(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    before = agency.call("GET", PATH).json()
    assert before == {
        "datasource_name": "facebook",
        "origin": "none",
        "client_id": None,
        "has_client_secret": False,
        "redirect_uri": "http://testserver/oauth/facebook/callback",
        "scopes": ["ads_read", "business_management"],
        "updated_at": None,
    }

    put = agency.call("PUT", PATH, json=CLIENT)

    assert put.status_code == 200
    assert (put.json()["origin"], put.json()["client_id"]) == ("agency", "1029")
    assert put.json()["has_client_secret"] is True
    assert agency.call("GET", PATH).json() == put.json()
    assert client_of(workspace) == "1029"
    assert agency.call("DELETE", PATH).status_code == 204
    assert agency.call("DELETE", PATH).status_code == 404
    assert agency.call("GET", PATH).json() == before


def test_the_secret_is_shown_nowhere(  # S28 S29 S65 S100
    agency: AgencyFake, session: Session
) -> None:
    answers = [agency.call("PUT", PATH, json=CLIENT), agency.call("GET", PATH)]
    answers.append(agency.call("GET", "/api/v3/audit-log"))

    for answer in answers:
        assert answer.status_code == 200
        assert "canary-secret" not in answer.text
    assert "put_connector_settings" in answers[2].text
    stored = str(session.execute(text("SELECT * FROM connector_settings")).all())
    assert "canary-secret" not in stored


def test_a_secret_may_stay_but_not_for_another_client(agency: AgencyFake) -> None:
    assert agency.call("PUT", PATH, json={"client_id": "1029"}).status_code == 400
    agency.call("PUT", PATH, json=CLIENT)

    assert agency.call("PUT", PATH, json={"client_id": "1029"}).status_code == 200
    refused = agency.call("PUT", PATH, json={"client_id": "1030"})

    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {"client_secret"}
    assert agency.call("GET", PATH).json()["client_id"] == "1029"


def test_each_agency_has_its_own(  # S07
    agency: AgencyFake,
    resources: Resources,
    client: TestClient,
    workspace: WorkspaceFake,
    other_workspace: WorkspaceFake,
) -> None:
    other = AgencyFake.create(resources, client)
    agency.call("PUT", PATH, json=CLIENT)
    other.call("PUT", PATH, json={"client_id": "2000", "client_secret": "x"})

    assert client_of(workspace) == "1029"
    assert client_of(other.new_workspace()) == "2000"
    answer = other_workspace.call("POST", "/api/v3/datasources/facebook/authorizations", json={})
    assert answer.status_code == 400


def test_the_operators_client_is_for_agencies_without_one(
    settings: Settings, resources: Resources, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    value = OAuthClientValue.model_validate({"client_id": "777", "client_secret": "s"})
    given = settings.model_copy(update={"oauth_clients": {"facebook": value}})
    own = Resources(**{**vars(resources), "settings": given})
    with TestClient(create_app(given, own)) as client:
        agency.client = workspace.client = client
        assert agency.call("GET", PATH).json()["origin"] == "server"
        assert client_of(workspace) == "777"
        agency.call("PUT", PATH, json=CLIENT)
        assert client_of(workspace) == "1029"


def test_a_platform_that_gives_everyone_a_client_needs_none(agency: AgencyFake) -> None:
    shown = agency.call("GET", PATH.replace("facebook", "demo_ads")).json()

    assert (shown["origin"], shown["client_id"]) == ("connector", "headrace-demo")


def test_only_the_chief_may(  # S18 S19
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    member = agency.member(workspace, "workspace_admin")

    for method in ("GET", "PUT", "DELETE"):
        options = {"json": CLIENT} if method == "PUT" else {}
        assert member.call(method, PATH, **options).status_code == 401
        headers = basic(member.username)
        answer = agency.client.request(method, PATH, headers=headers, **options)
        assert answer.status_code == 403


@pytest.mark.parametrize(("source", "status"), [("postgres", 400), ("nowhere", 404)])
def test_sources_without_oauth_have_none(source: str, status: int, agency: AgencyFake) -> None:
    path = f"/api/v3/connector-settings/{source}"

    for method in ("GET", "PUT", "DELETE"):
        options = {"json": CLIENT} if method == "PUT" else {}
        assert agency.call(method, path, **options).status_code == status


def test_the_operators_clients_are_read_without_repeating_them() -> None:
    good = '{"facebook": {"client_id": "1", "client_secret": "canary"}}'
    found = load_settings(oauth_clients=good).oauth_clients["facebook"]
    assert found.client_secret.get_secret_value() == "canary"
    assert "canary" not in repr(found)

    for bad in ('{"facebook": {"client_secret": "canary"}}', '["canary"]', "canary"):
        with pytest.raises(SettingsError, match="OAUTH_CLIENTS") as told:
            load_settings(oauth_clients=bad)
        assert "canary" not in str(told.value)
