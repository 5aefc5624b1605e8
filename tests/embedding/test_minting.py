"""Who may make an iframe's URL, for what, and for which page."""

from dataclasses import replace
from typing import Any

import pytest
from fastapi.testclient import TestClient
from sqlalchemy import select

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.frames import HOST_PAGE, PATH, FrameUrl, mint, mint_as_agency, opened
from fakes.pipelines import PipelineFake
from headrace.access.models import AccessToken, TokenKind
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.embedding.origins import host_origin
from headrace.kit.sealing import token_digest
from headrace.rest.errors import AppError
from headrace.rest.resources import Resources
from headrace.settings import Settings

LISTED = [HOST_PAGE, "https://other.example.com:8443"]


def _status(caller: WorkspaceFake, **body: Any) -> int:
    return caller.call("POST", PATH, json=body).status_code


def _refusal(caller: WorkspaceFake, **body: Any) -> str:
    answer = caller.call("POST", PATH, json=body)
    assert answer.status_code == 400, answer.text
    details: str = answer.json()["details"]
    return details


def test_both_modes_open_a_workspace(  # A17
    client: TestClient, agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    basic = mint_as_agency(agency, workspace.id, datasource_name="facebook")
    assert basic.status_code == 200, basic.text
    frames = [FrameUrl(basic.json()["url"]), mint(workspace, datasource_name="facebook")]
    sessions = [opened(client, frame) for frame in frames]
    assert [item["workspace_id"] for item in sessions] == [workspace.id, workspace.id]
    assert sessions[0]["permissions"] == sessions[1]["permissions"]
    assert sessions[0]["datasource_name"] == "facebook"


def test_basic_has_to_name_the_workspace(agency: AgencyFake) -> None:
    answer = agency.call("POST", PATH, json={})
    assert answer.status_code == 400
    assert set(answer.json()["errors"]) == {"workspace_id"}


def test_foreign_workspaces_are_not_there(  # S03 S07 S16
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    foreign = mint_as_agency(agency, other_workspace.id)
    missing = mint_as_agency(agency, 2**53)
    assert foreign.status_code == missing.status_code == 404
    assert foreign.content == missing.content
    assert _status(workspace, workspace_id=other_workspace.id) == 404
    assert _status(workspace, workspace_id=workspace.id) == 200


def test_the_secret_is_in_the_fragment_alone(workspace: WorkspaceFake) -> None:  # S39
    frame = mint(workspace)
    before, _, fragment = frame.url.partition("#")
    assert before == f"http://testserver/embed/connect?session={frame.session_id}"
    assert fragment == f"code={frame.code}"
    # The published flag may be added to it, behind or before the fragment.
    assert FrameUrl(f"{frame.url}&show_account_selection=True").code == frame.code


def test_only_a_digest_is_kept(  # S34
    workspace: WorkspaceFake, resources: Resources
) -> None:
    frame = mint(workspace)
    with transaction(resources.sessions) as session:
        kept = session.scalars(
            select(AccessToken).where(AccessToken.kind == TokenKind.EMBED_CODE)
        ).one()
        assert kept.digest == token_digest(frame.code)
        assert frame.code not in str(vars(kept))


@pytest.mark.parametrize(
    "body",
    [
        {"datasource_name": "nothing"},
        {"destination_name": "nothing"},
        {"datasource_name": "facebook", "destination_name": "duckdb"},
        {"datasource_name": "facebook", "connection_id": "7b0e3c1a-52c1-4d2e-9d0f-3f1c2b7a9e10"},
        {"destination_name": "duckdb", "connection_id": 1},
        {"lang": "../../etc"},
        {"lang": "en;q=1"},
        {"theme": "pink"},
        {"connection_id": 0},
    ],
)
def test_what_cannot_be_opened(body: dict[str, Any], workspace: WorkspaceFake) -> None:
    assert _status(workspace, **body) == 400


def test_connections_to_reconnect_are_the_callers(  # S03
    pipeline: PipelineFake, other_workspace: WorkspaceFake, client: TestClient
) -> None:
    workspace, source, target = pipeline.workspace, pipeline.connection_id, pipeline.destination_id
    assert _status(other_workspace, connection_id=source) == 404
    assert _status(other_workspace, destination_name="duckdb", connection_id=target) == 404
    assert _status(workspace, datasource_name="facebook", connection_id=source) == 404
    assert _status(workspace, destination_name="s3", connection_id=target) == 404
    session = opened(client, mint(workspace, connection_id=source))
    assert session["purpose"] == "datasource"
    assert session["datasource_name"] == "file_import"
    assert session["connection_id"] == source
    session = opened(client, mint(workspace, destination_name="duckdb", connection_id=target))
    assert session["purpose"] == "destination"
    assert session["connection_id"] == target


@pytest.mark.parametrize(
    ("role", "body", "permission"),
    [
        ("viewer", {"datasource_name": "facebook"}, "connection.create"),
        ("data_load_manager", {"datasource_name": "facebook"}, "connection.create"),
        ("data_manager", {"destination_name": "duckdb"}, "destination.create"),
        ("viewer", {}, None),
        ("data_manager", {"datasource_name": "facebook"}, None),
        ("data_load_manager", {"destination_name": "duckdb"}, None),
    ],
)
def test_who_may_not_do_it_may_not_open_it(  # S18
    role: str,
    body: dict[str, Any],
    permission: str | None,
    agency: AgencyFake,
    workspace: WorkspaceFake,
) -> None:
    answer = agency.member(workspace, role).call("POST", PATH, json=body)
    assert answer.status_code == (403 if permission else 200)
    if permission:
        assert permission in answer.json()["details"]


# Pages: which may show the iframe, which may be returned to.


@pytest.fixture
def listing(settings: Settings, resources: Resources) -> TestClient:
    """A server whose operator lists two pages."""
    listed = replace(resources, settings=settings.model_copy(update={"frame_origins": LISTED}))
    return TestClient(create_app(listed.settings, listed))


def test_any_page_is_taken_where_none_is_listed(
    workspace: WorkspaceFake, client: TestClient
) -> None:
    session = opened(client, mint(workspace, origin="HTTPS://App.Example.com:443/"))
    assert session["origin"] == HOST_PAGE
    assert opened(client, mint(workspace))["origin"] is None


def test_listed_pages_alone_are_taken(  # S42
    workspace: WorkspaceFake, listing: TestClient
) -> None:
    workspace.client = listing
    assert opened(listing, mint(workspace, origin=HOST_PAGE))["origin"] == HOST_PAGE
    for lookalike in (
        "https://app.example.com.evil.test",
        "http://app.example.com",
        f"{HOST_PAGE}:1",
    ):
        assert "HEADRACE_FRAME_ORIGINS" in _refusal(workspace, origin=lookalike)


@pytest.mark.parametrize(
    "origin",
    ["*", "https://*.example.com", "https://a.com/path", "https://a.com?x", "https://a.com#x",
     "https://user@a.com", "javascript:alert(1)", "null", "https://a.com;script-src *", "",
     "https://a.com https://b.com", "https://", "https://a.com:99999", "https://a\r\n.com", "//a.com"],
)  # fmt: skip
def test_what_is_no_origin(origin: str) -> None:  # S43 S84
    with pytest.raises(AppError, match="origin"):
        host_origin(origin, [])


def test_which_origin_is_meant() -> None:  # S43
    assert host_origin("https://[2001:DB8::1]:8443", []) == "https://[2001:db8::1]:8443"
    assert host_origin(None, ["https://only.example.com"]) == "https://only.example.com"
    assert host_origin(None, LISTED) is None


@pytest.mark.parametrize(
    ("url", "is_good"),
    [
        (f"{HOST_PAGE}/integrations?a=b#c", True),
        ("https://other.example.com:8443/", True),
        ("https://other.example.com/", False),
        ("https://app.example.com.evil.test/", False),
        ("https://app.example.com@evil.test/", False),
        ("https://evil.test/https://app.example.com", False),
        ("https:\\\\evil.test", False),
        (f"{HOST_PAGE}\\@evil.test", False),
        (f"{HOST_PAGE}/\r\nSet-Cookie: a=b", False),
        ("//app.example.com", False),
        ("/local", False),
        ("javascript:alert(1)", False),
        ("http://app.example.com/", False),
    ],
)
def test_returning_leads_to_listed_pages_alone(  # S54
    url: str, is_good: bool, workspace: WorkspaceFake, listing: TestClient
) -> None:
    workspace.client = listing
    assert _status(workspace, return_url=url) == (200 if is_good else 400)


def test_returning_leads_to_the_page_that_shows_it(workspace: WorkspaceFake) -> None:  # S54
    assert _status(workspace, origin=HOST_PAGE, return_url=f"{HOST_PAGE}/done") == 200
    assert _status(workspace, origin=HOST_PAGE, return_url="https://evil.test/done") == 400
    assert _status(workspace, return_url=f"{HOST_PAGE}/done") == 400
