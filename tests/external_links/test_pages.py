"""What the holder of a link sees and does on its page, without a browser."""

import re
from typing import Any

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from fakes.ads_network import AdsNetwork
from fakes.callers import WorkspaceFake
from fakes.persons import PersonFake, receipt_of, served_by
from headrace.settings import Settings

ENDED = "This session has ended"


@pytest.fixture
def settings(settings: Settings, network: AdsNetwork) -> Settings:
    return served_by(settings, network)


def linked(workspace: WorkspaceFake, source: str = "demo_ads", **body: Any) -> dict[str, Any]:
    path = f"/api/v3/datasources/{source}/external-auth-links"
    (link,) = workspace.post(path, {"send_email": False} | body)
    return dict(link)


def step(client: TestClient, link: dict[str, Any], name: str, **form: str) -> Response:
    """Do as the page's module does: present the fragment's secret."""
    secret = link["url"].partition("#link=")[2]
    return client.post(f"/connect/{name}", data=form, headers={"Authorization": f"Link {secret}"})


def listed(workspace: WorkspaceFake, source: str = "demo_ads") -> dict[str, Any]:
    path = f"/api/v3/datasources/{source}/external-auth-links"
    return dict(workspace.get(path)["results"][0])


def way_of(page: Response) -> tuple[str, str]:
    found = re.search(r'id="open" href="([^"]+)"', page.text)
    finish = re.search(r'data-finish="/connect/([^"]+)"', page.text)
    assert found, page.text
    assert finish, page.text
    return found[1].replace("&amp;", "&"), finish[1]


def test_opening_the_address_spends_nothing_and_shows_nothing(  # S44 S55 S56
    client: TestClient, workspace: WorkspaceFake
) -> None:
    link = linked(workspace, message="The sum of all secrets")
    address = link["url"].partition("#")[0].replace("http://localhost:8080", "")

    for _ in range(3):  # as mail scanners do
        answer = client.get(address)

    assert answer.status_code == 200
    assert "frame-ancestors 'none'" in answer.headers["Content-Security-Policy"]
    assert "Demo Ads" not in answer.text
    assert "The sum of all secrets" not in answer.text
    assert listed(workspace)["status"] == "pending"
    assert "The sum of all secrets" in step(client, link, "form").text


def test_a_form_connects_and_spends_the_link(  # S55
    client: TestClient, workspace: WorkspaceFake, settings: Settings
) -> None:
    file = settings.file_import_roots[0] / "orders.csv"
    file.write_text("day,spend\n2026-01-01,5\n")
    link = linked(workspace, "file_import")

    refused = step(client, link, "give", **{"settings.url": "file:///nowhere/x.csv"})
    assert refused.status_code == 400
    assert "file:///nowhere/x.csv" in refused.text
    done = step(client, link, "give", **{"settings.url": file.as_uri()})

    assert "Thank you" in done.text
    assert listed(workspace, "file_import")["status"] == "used"
    assert step(client, link, "form").status_code == 401
    assert step(client, link, "give", **{"settings.url": file.as_uri()}).status_code == 401
    assert "works no more" in client.get("/connect/ended").text


def test_oauth_spends_the_link(  # S55
    client: TestClient, workspace: WorkspaceFake, person: PersonFake
) -> None:
    link = linked(workspace)
    url, finish = way_of(step(client, link, "authorize"))
    receipt = receipt_of(person.comes_back(person.answers(url)))
    assert listed(workspace)["status"] == "pending"

    done = step(client, link, finish, receipt=receipt)

    assert "Thank you" in done.text
    row = listed(workspace)
    assert row["status"] == "used"
    (made,) = workspace.get("/api/v3/datasources/demo_ads/connections")["results"]
    assert row["connection_id"] == made["id"]
    assert made["accounts_number"] > 0


def test_oauth_in_a_window_that_lost_its_page_asks_and_spends_the_link(
    client: TestClient, workspace: WorkspaceFake, person: PersonFake
) -> None:
    url, _ = way_of(step(client, linked(workspace), "authorize"))

    person.says_yes(person.comes_back(person.answers(url)))

    assert listed(workspace)["status"] == "used"


def test_oauth_reconnects(client: TestClient, workspace: WorkspaceFake, person: PersonFake) -> None:
    made = person.connects(workspace)["connection_id"]
    link = linked(workspace, connection_id=made)
    url, finish = way_of(step(client, link, "authorize"))
    receipt = receipt_of(person.comes_back(person.answers(url)))

    step(client, link, finish, receipt=receipt)

    (row,) = workspace.get("/api/v3/datasources/demo_ads/connections")["results"]
    assert row["id"] == made
    assert listed(workspace)["status"] == "used"


def test_denying_spends_nothing(  # S61
    client: TestClient, workspace: WorkspaceFake, person: PersonFake
) -> None:
    link = linked(workspace)
    url, finish = way_of(step(client, link, "authorize"))
    person.comes_back(person.answers(url, "deny"))

    page = step(client, link, finish, receipt="")

    assert 'data-error-code="provider_denied"' in page.text
    assert listed(workspace)["status"] == "pending"


def test_a_link_finishes_its_own_authorizations_alone(  # S56 S57
    client: TestClient, workspace: WorkspaceFake, person: PersonFake
) -> None:
    mine, other = linked(workspace), linked(workspace)
    url, finish = way_of(step(client, mine, "authorize"))
    receipt = receipt_of(person.comes_back(person.answers(url)))

    assert step(client, other, finish, receipt=receipt).status_code == 400

    assert workspace.get("/api/v3/datasources/demo_ads/connections")["results"] == []


def test_a_link_that_was_revoked_meanwhile_connects_nothing(  # S55
    client: TestClient, workspace: WorkspaceFake, person: PersonFake
) -> None:
    link = linked(workspace)
    url, _ = way_of(step(client, link, "authorize"))
    page = person.comes_back(person.answers(url))
    path = f"/api/v3/datasources/demo_ads/external-auth-links/{link['id']}/revoke"
    workspace.post(path, status=200)

    person.says_yes(page)

    assert workspace.get("/api/v3/datasources/demo_ads/connections")["results"] == []


def test_the_secret_of_a_link_opens_no_other_page(  # S56
    client: TestClient, workspace: WorkspaceFake
) -> None:
    secret = linked(workspace)["url"].partition("#link=")[2]

    answer = client.get(
        f"/workspaces/{workspace.id}/connect",
        headers={"Authorization": f"Link {secret}"},
        follow_redirects=False,
    )

    assert answer.status_code in {303, 401}


def test_script_in_a_message_is_inert(  # S53
    client: TestClient, workspace: WorkspaceFake
) -> None:
    link = linked(workspace, message="<script>alert(1)</script>")

    page = step(client, link, "form").text

    assert "<script>alert(1)" not in page
    assert "&lt;script&gt;alert(1)" in page
