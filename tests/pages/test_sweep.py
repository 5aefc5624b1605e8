"""Every page there is, walked: who may, where writes come from, what a stranger is told."""

import re
from collections.abc import Iterator
from typing import NamedTuple

import pytest
from fastapi import FastAPI
from fastapi.routing import iter_route_contexts
from fastapi.testclient import TestClient

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.visitors import Visitor, in_frame, signed_in
from headrace.access.permissions import Permission
from headrace.app import create_app
from headrace.pages.guards import PageGuard
from headrace.pages.page_route import PageRoute
from headrace.rest.openapi import guard_of
from headrace.settings import Settings


class PageThere(NamedTuple):
    """A page below the mount of a workspace: its path with ids of nothing, and its guard."""

    method: str
    path: str
    permission: Permission | None


def _pages(app: FastAPI) -> Iterator[PageThere]:
    for context in iter_route_contexts(app.routes):
        route = context.original_route
        path = getattr(context, "path", None) or route.path
        if not isinstance(route, PageRoute) or not path.startswith("/workspaces/"):
            continue
        guard = guard_of(route)
        assert isinstance(guard, PageGuard), f"declare page_visit(...): {path}"
        below = re.sub(r"^/workspaces/\{[^}]*\}", "", path)
        for method in route.methods or ():
            yield PageThere(method, re.sub(r"\{[^}]*\}", "999999999", below), guard.permission)


@pytest.fixture(scope="module")
def pages() -> list[PageThere]:
    return list(_pages(create_app(Settings.model_construct())))


def test_writes_come_from_our_own_pages(  # S51
    pages: list[PageThere], agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    changing = [page for page in pages if page.method == "POST"]
    assert changing
    own = {"Origin": "http://testserver"}
    for visitor in (in_frame(workspace), signed_in(workspace, agency.username)):
        for page in changing:
            for sent in (
                {"Origin": "https://evil.test"},
                {"Origin": "null"},
                own | {"Sec-Fetch-Site": "cross-site"},
                own | {"Sec-Fetch-Site": "same-site"},
            ):
                answer = visitor.post(page.path, headers=sent)
                assert answer.status_code == 403, (page, sent, answer.status_code)
                assert "<h1>" in answer.text


@pytest.mark.parametrize(
    ("sent", "is_refused"),
    [
        ({"Origin": "https://evil.test"}, True),
        ({"Origin": "http://localhost:1", "Host": "localhost:1"}, True),
        (
            {
                "Origin": "http://localhost:1",
                "Host": "localhost:1",
                "Sec-Fetch-Site": "same-origin",
            },
            False,
        ),
        (
            {"Origin": "http://evil.test", "Host": "localhost:1", "Sec-Fetch-Site": "same-origin"},
            True,
        ),
        ({"Origin": "http://testserver", "Sec-Fetch-Site": "same-origin"}, False),
        ({}, False),
    ],
)
def test_nobody_is_signed_in_from_elsewhere(  # S51
    client: TestClient, sent: dict[str, str], is_refused: bool
) -> None:
    form = {"username": "nobody@example.com", "password": "wrong password"}
    answer = client.post("/console/login", data=form, headers=sent, follow_redirects=False)
    assert (answer.status_code == 403) is is_refused
    assert answer.status_code in {200, 400, 401, 403}


def test_a_token_in_memory_needs_no_origin(workspace: WorkspaceFake) -> None:
    visitor = in_frame(workspace, with_cookie=False)
    answer = visitor.post("/connect/nothing", headers={"Origin": "https://evil.test"})
    assert answer.status_code in {400, 404}


def test_nobody_without_a_credential_sees_anything(
    pages: list[PageThere], client: TestClient, workspace: WorkspaceFake
) -> None:
    framed = Visitor(client, in_frame(workspace).base)
    plain = Visitor(client, f"/workspaces/{workspace.id}")
    for page in pages:
        for visitor, status in ((framed, 401), (plain, 303)):
            answer = visitor.get(page.path) if page.method == "GET" else visitor.post(page.path)
            assert answer.status_code == status, (page, answer.status_code)


def test_what_a_role_may_not_see_is_not_there(  # S18
    pages: list[PageThere], agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    guest = agency.member(workspace, "guest_viewer")
    visitor = signed_in(workspace, guest.username)
    allowed = {Permission.DASHBOARD_VIEW, Permission.DATA_TABLE_VIEW, None}
    refused = [page for page in pages if page.permission not in allowed]
    assert refused
    for page in refused:
        answer = visitor.get(page.path) if page.method == "GET" else visitor.post(page.path)
        assert answer.status_code == 403, (page, answer.status_code)
    start = visitor.get()
    for name in ("Connections", "Extracts", "Loads"):
        assert f">{name}<" not in start.text


def test_what_is_not_there_is_a_page_too(  # S01
    pages: list[PageThere], agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    visitor = signed_in(workspace, agency.username)
    named = [page for page in pages if page.method == "GET" and "999999999" in page.path]
    assert named
    for page in named:
        answer = visitor.get(page.path)
        assert answer.status_code in {303, 400, 404, 415}, (page, answer.status_code)
        if answer.status_code == 404:
            assert "This is not here" in answer.text
