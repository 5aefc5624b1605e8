"""A person who is sent to a platform: allows or denies there, and comes back by the redirect."""

import re
from dataclasses import dataclass
from typing import Any
from urllib.parse import parse_qsl, urlsplit

from fastapi.testclient import TestClient
from httpx import Response

from fakes.ads_network import AdsNetwork
from fakes.callers import WorkspaceFake
from headrace.settings import Settings


@dataclass
class PersonFake:
    """Somebody with a browser of their own."""

    client: TestClient
    network: AdsNetwork

    def answers(self, authorize_url: str, decision: str = "allow") -> dict[str, str]:
        """Answer the platform's question; returns the query of the redirect."""
        asked = dict(parse_qsl(urlsplit(authorize_url).query))
        url = f"{self.network.base_url}/oauth/authorize"
        form = {**asked, "decision": decision}
        back = self.network.access().http.request("POST", url, form=form)
        assert back.status == 303, back.data
        return dict(parse_qsl(urlsplit(back.headers["Location"]).query))

    def comes_back(self, query: dict[str, str], source: str = "demo_ads", **more: Any) -> Response:
        """Follow the redirect."""
        return self.client.get(f"/oauth/{source}/callback", params=query, **more)

    def says_yes(self, page: Response, source: str = "demo_ads") -> Response:
        """Click the button of the page one comes back to."""
        return self.client.post(f"/oauth/{source}/callback", data={"receipt": receipt_of(page)})

    def connects(self, workspace: WorkspaceFake, **body: Any) -> dict[str, Any]:
        """Go the whole way for a workspace; returns the authorization as it ended."""
        begun = begin(workspace, **body)
        self.says_yes(self.comes_back(self.answers(begun["authorize_url"])))
        return status(workspace, begun)


def receipt_of(page: Response) -> str:
    """What the page one comes back to holds, for whoever finishes."""
    found = re.search(r'name="receipt" value="([^"]+)"', page.text)
    assert found, page.text
    return found[1]


def begin(workspace: WorkspaceFake, source: str = "demo_ads", **body: Any) -> dict[str, Any]:
    """Begin an authorization through the API."""
    begun: dict[str, Any] = workspace.post(f"/api/v3/datasources/{source}/authorizations", body)
    return begun


def status(workspace: WorkspaceFake, begun: dict[str, Any]) -> dict[str, Any]:
    """Read an authorization."""
    row: dict[str, Any] = workspace.get(f"/api/v3/authorizations/{begun['id']}")
    return row


def served_by(settings: Settings, network: AdsNetwork) -> Settings:
    """The settings of a server whose demo network is this one, and whose name is this machine's."""
    return settings.model_copy(
        update={"base_urls": {"demo_ads": network.base_url}, "public_url": "http://localhost:8080"}
    )
