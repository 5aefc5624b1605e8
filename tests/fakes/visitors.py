"""People who look at pages: in an iframe, or signed in, with the cookies that browsers keep."""

from dataclasses import dataclass, field
from typing import Any

from fastapi.testclient import TestClient
from httpx import Response

from fakes.callers import WorkspaceFake
from fakes.frames import as_bearer, as_cookie, mint, opened
from headrace.access import service as access
from headrace.access.authentication import COOKIE_NAME
from headrace.access.models import User
from headrace.db.engine import transaction


@dataclass
class Visitor:
    """Somebody who looks at the pages below `base`."""

    client: TestClient
    base: str
    headers: dict[str, str] = field(default_factory=dict)

    def get(self, path: str = "", **headers: str) -> Response:
        return self.client.get(
            self.base + path, headers=self.headers | headers, follow_redirects=False
        )

    def post(
        self, path: str, form: dict[str, Any] | None = None, headers: dict[str, str] | None = None
    ) -> Response:
        return self.client.post(
            self.base + path,
            data=form or {},
            headers=self.headers | {"Origin": "http://testserver"} | (headers or {}),
            follow_redirects=False,
        )


def in_frame(workspace: WorkspaceFake, *, with_cookie: bool = True, **asked: Any) -> Visitor:
    """Open an iframe and look at its pages."""
    session = opened(workspace.client, mint(workspace, **asked))
    headers = as_cookie(session) if with_cookie else as_bearer(session)
    headers.pop("X-Embed-Session", None)
    return Visitor(workspace.client, f"/embed/{session['session_id']}", headers)


def signed_in(workspace: WorkspaceFake, username: str) -> Visitor:
    """Sign a user in and look at the pages of a workspace."""
    with transaction(workspace.resources.sessions) as session:
        user = session.query(User).filter_by(username=username).one()
        minted = access.start_session(session, user.id)
    return Visitor(
        workspace.client,
        f"/workspaces/{workspace.id}",
        {"Cookie": f"{COOKIE_NAME}={minted.secret}"},
    )
