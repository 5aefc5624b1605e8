"""Branding: set by the chief, followed by the agency's pages and no other's, its pictures harmless."""

import re
from base64 import b64encode
from typing import Any, get_args

import pytest
from fastapi.testclient import TestClient

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.visitors import Visitor, in_frame, signed_in
from headrace.branding.schemas import Font
from headrace.pages.looks import FONTS
from headrace.rest.resources import Resources

PATH = "/api/v3/branding"
PNG = b"\x89PNG\r\n\x1a\n" + bytes(40)
JPEG = b"\xff\xd8\xff\xe0" + bytes(40)
WEBP = b"RIFF\x10\0\0\0WEBP" + bytes(40)
ACME = {"name": "Acme Reports", "accent": "#7a1fa2", "accent_dark": "#d9a2f0", "radius": 12}


def encoded(content: bytes) -> str:
    return b64encode(content).decode()


@pytest.fixture
def chief(agency: AgencyFake, workspace: WorkspaceFake) -> Visitor:
    """The agency's chief, signed in to the console."""
    one = signed_in(workspace, agency.username)
    return Visitor(one.client, "/console", one.headers)


def test_what_was_never_set_is_as_ours(agency: AgencyFake) -> None:
    assert agency.call("GET", PATH).json() == {
        "name": "",
        "accent": None,
        "accent_dark": None,
        "radius": 8,
        "font": "system",
        "theme": "auto",
        "logo_url": None,
        "logo_dark_url": None,
        "updated_at": None,
    }
    assert set(get_args(Font)) == FONTS.keys()


def test_pages_of_the_agency_follow_and_no_others(  # S07
    agency: AgencyFake, workspace: WorkspaceFake, resources: Resources, client: TestClient
) -> None:
    other = AgencyFake.create(resources, client)
    others = in_frame(other.new_workspace())
    body = ACME | {"logo": encoded(PNG), "logo_dark": encoded(WEBP)}
    set_ = agency.call("PUT", PATH, json=body)
    assert set_.status_code == 200
    assert agency.call("GET", PATH).json() == set_.json()
    light, dark = (set_.json()[name].partition("testserver")[2] for name in _URLS)
    assert light.startswith("/branding/")

    for visitor in (in_frame(workspace), in_frame(workspace, with_cookie=False)):
        page = visitor.get("/connections").text
        assert "--accent: light-dark(#7a1fa2, #d9a2f0)" in page
        assert "--radius: 12px" in page
        assert f'<img src="{light}" alt="Acme Reports">' in page
        assert f'srcset="{dark}" media="(prefers-color-scheme: dark)"' in page
        assert "· Acme Reports</title>" in page
    page = others.get("/connections")
    assert page.status_code == 200
    assert "Acme" not in page.text
    assert "#7a1fa2" not in page.text
    assert other.call("GET", PATH).json()["name"] == ""


_URLS = ("logo_url", "logo_dark_url")


def test_a_page_shows_the_logo_of_its_theme(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    body = ACME | {"logo": encoded(PNG), "logo_dark": encoded(JPEG), "theme": "dark"}
    set_ = agency.call("PUT", PATH, json=body).json()
    light, dark = (set_[name].partition("testserver")[2] for name in _URLS)

    page = in_frame(workspace).get("/connections").text
    assert 'data-theme="dark"' in page
    assert f'<img src="{dark}"' in page
    assert light not in page
    page = in_frame(workspace, theme="light").get("/connections").text
    assert f'<img src="{light}"' in page
    assert dark not in page


@pytest.mark.parametrize(
    ("content", "kind"), [(PNG, "image/png"), (JPEG, "image/jpeg"), (WEBP, "image/webp")]
)
def test_a_picture_is_served_as_what_it_is_and_can_do_nothing(  # S53
    agency: AgencyFake, client: TestClient, content: bytes, kind: str
) -> None:
    url = agency.call("PUT", PATH, json={"logo": encoded(content)}).json()["logo_url"]
    answer = client.get(url)

    assert answer.content == content
    assert answer.headers["Content-Type"] == kind
    assert answer.headers["X-Content-Type-Options"] == "nosniff"
    assert answer.headers["Content-Security-Policy"] == "default-src 'none'; sandbox"
    assert answer.headers["Cache-Control"] == "public, max-age=31536000, immutable"
    assert client.get("/branding/nothing").status_code == 404


def test_logos_stay_change_and_go(agency: AgencyFake, client: TestClient) -> None:
    first = agency.call("PUT", PATH, json={"logo": encoded(PNG)}).json()["logo_url"]
    kept = agency.call("PUT", PATH, json=ACME).json()
    assert kept["logo_url"] == first
    assert kept["name"] == "Acme Reports"
    second = agency.call("PUT", PATH, json={"logo": encoded(JPEG)}).json()["logo_url"]
    assert second != first
    assert client.get(first).status_code == 404
    gone = agency.call("PUT", PATH, json={"logo": None}).json()
    assert gone["logo_url"] is None
    assert client.get(second).status_code == 404


@pytest.mark.parametrize(
    ("body", "field"),
    [
        ({"accent": "red"}, "accent"),
        ({"accent": "#7a1fa2; } body { display: none"}, "accent"),
        ({"accent": "#ffe066"}, "accent"),
        ({"accent_dark": "#222222"}, "accent_dark"),
        ({"accent": "#10204f"}, "accent_dark"),
        ({"radius": 25}, "radius"),
        ({"radius": -1}, "radius"),
        ({"font": "Comic Sans"}, "font"),
        ({"theme": "pink"}, "theme"),
        ({"name": "x" * 81}, "name"),
        ({"logo": "not base64!"}, "logo"),
        ({"logo": encoded(b"<svg xmlns='http://www.w3.org/2000/svg'/>")}, "logo"),
        ({"logo_dark": encoded(PNG + bytes(256 * 1024))}, "logo_dark"),
        ({"logo": encoded(b"")}, "logo"),
    ],
)
def test_what_cannot_stand_on_pages_is_refused(
    agency: AgencyFake, body: dict[str, Any], field: str
) -> None:
    before = agency.call("GET", PATH).json()
    refused = agency.call("PUT", PATH, json=body)

    assert refused.status_code == 400
    assert refused.json()["errors"].keys() == {field}
    assert agency.call("GET", PATH).json() == before


def test_only_the_chief_may_and_the_trail_tells(  # S18 S19 S100
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    member = agency.member(workspace, "workspace_admin")
    for method in ("GET", "PUT"):
        assert member.call(method, PATH, json=ACME).status_code == 401
    agency.call("PUT", PATH, json=ACME | {"logo": encoded(PNG)})

    entries = agency.call("GET", "/api/v3/audit-log").json()["results"]
    told = next(item for item in entries if item["action"] == "put_branding")
    assert "Acme Reports" in str(told)
    assert encoded(PNG) not in str(told)


def test_the_console_sets_it(chief: Visitor) -> None:
    assert 'href="/console/branding"' in chief.get("/workspaces").text
    form = {key: str(value) for key, value in ACME.items()} | {"font": "serif", "theme": "auto"}
    saved = chief.post("/branding", form | {"logo": encoded(PNG)})
    assert saved.status_code == 303
    page = chief.get("/branding").text
    assert 'value="#7a1fa2"' in page
    logo = re.search(r'<img src="(/branding/[\w-]+)"', page)
    assert logo is not None

    assert chief.post("/branding", form | {"logo": ""}).status_code == 303
    assert logo[1] in chief.get("/branding").text
    assert chief.post("/branding", form | {"no_logo": "true"}).status_code == 303
    assert logo[1] not in chief.get("/branding").text


def test_the_console_shows_what_is_wrong(chief: Visitor) -> None:
    form = {"name": "Acme", "accent": "#ffe066", "radius": "8", "font": "system", "theme": "auto"}
    refused = chief.post("/branding", form)
    assert refused.status_code == 400
    assert "can hardly be seen on light pages" in refused.text
    assert 'value="#ffe066"' in refused.text
    assert 'value="#ffe066"' not in chief.get("/branding").text


def test_a_sample_follows_what_is_typed(chief: Visitor) -> None:
    answer = chief.get(
        "/branding/sample?accent=%237a1fa2&accent_dark=%23d9a2f0&radius=3&font=serif"
    )
    assert "--accent: light-dark(#7a1fa2, #d9a2f0)" in answer.text
    assert "--radius: 3px" in answer.text
    assert answer.headers["Content-Type"].startswith("text/plain")
    odd = chief.get("/branding/sample?accent=%23zz;x:y&radius=many&font=no")
    assert odd.status_code == 200
    assert odd.text == ""
