"""A host product's program that opens iframes, and the browser that redeems what it gets."""

from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qs, urlsplit

from fastapi.testclient import TestClient
from httpx import Response

from fakes.callers import AgencyFake, WorkspaceFake

PATH = "/api/v3/get_iframe_url"
SESSION = "/api/v3/embed/session"
HOST_PAGE = "https://app.example.com"


@dataclass(frozen=True)
class FrameUrl:
    """A minted URL, taken apart as the page in it does."""

    url: str

    @property
    def code(self) -> str:
        return parse_qs(urlsplit(self.url).fragment)["code"][0]

    @property
    def session_id(self) -> str:
        return parse_qs(urlsplit(self.url).query)["session"][0]


def mint(caller: WorkspaceFake, **body: Any) -> FrameUrl:
    """Mint a URL with a workspace's token."""
    return FrameUrl(caller.post(PATH, body, status=200)["url"])


def mint_as_agency(agency: AgencyFake, workspace_id: int, **body: Any) -> Response:
    """Ask for a URL with Basic credentials."""
    return agency.call("POST", PATH, json={"workspace_id": workspace_id} | body)


def redeem(client: TestClient, frame: FrameUrl) -> Response:
    """Bring the code as the iframe's page does."""
    return client.post(SESSION, headers={"Authorization": f"Code {frame.code}"})


def opened(client: TestClient, frame: FrameUrl) -> dict[str, Any]:
    """Bring the code, which must be good; gives the session."""
    answer = redeem(client, frame)
    assert answer.status_code == 200, answer.text
    found: dict[str, Any] = answer.json()
    return found


def as_bearer(session: dict[str, Any]) -> dict[str, str]:
    """The headers of a page whose browser keeps no cookies of frames."""
    return {"Authorization": f"Bearer {session['token']}"}


def as_cookie(session: dict[str, Any], **more: str) -> dict[str, str]:
    """The headers of a page whose browser does."""
    name = f"__Host-embed-{session['session_id'].replace('-', '')}"
    cookie = f"{name}={session['token']}"
    return {"Cookie": cookie, "X-Embed-Session": session["session_id"]} | more


def code_headers(workspace: WorkspaceFake) -> dict[str, str]:
    """The header that brings the code of a fresh URL."""
    return {"Authorization": f"Code {mint(workspace).code}"}


def frame_headers(workspace: WorkspaceFake) -> dict[str, str]:
    """The header of an iframe that was just opened."""
    return as_bearer(opened(workspace.client, mint(workspace)))


def link_headers(workspace: WorkspaceFake, datasource_name: str) -> dict[str, str]:
    """The header of whoever holds a fresh external authentication link."""
    path = f"/api/v3/datasources/{datasource_name}/external-auth-links"
    (link,) = workspace.post(path, {"send_email": False})
    return {"Authorization": "Link " + link["url"].partition("#link=")[2]}
