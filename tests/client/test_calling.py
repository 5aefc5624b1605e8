"""How the client sends: tokens, retries, idempotency keys, pages, errors in words."""

from collections.abc import Iterator
from typing import Any

import pytest

from fakes.scripted_server import ScriptedServer, scripted_server
from headrace.client import (
    Conflict,
    Headrace,
    NotFound,
    TooManyRequests,
    Unauthorized,
    Unreachable,
    every,
    models,
)

TOKEN = {
    "token": "abc",
    "expires_in": 1800,
    "expires_at": "2026-05-21T10:30:00Z",
    "workspace_id": 7,
}
WORKSPACE = {
    "id": 7,
    "title": "Acme",
    "description": "",
    "created_at": "2026-05-21T10:00:00Z",
    "updated_at": "2026-05-21T10:00:00Z",
}


def _page(of: list[dict[str, Any]], *, more: bool = False) -> dict[str, Any]:
    return {"count": 3, "next": "https://x/?page=2" if more else None, "previous": None,
            "results": of}  # fmt: skip


@pytest.fixture
def server() -> Iterator[ScriptedServer]:
    with scripted_server() as told:
        yield told


@pytest.fixture
def headrace(server: ScriptedServer) -> Iterator[Headrace]:
    with Headrace(server.base_url, "vendor@example.com", "pass:word") as client:
        yield client


def test_a_pair_is_sent_as_basic(headrace: Headrace, server: ScriptedServer) -> None:
    server.will_answer(200, WORKSPACE)
    assert headrace.agency.get_workspace(7).title == "Acme"
    assert server.asked[0].path == "/api/v3/workspaces/7"
    assert (
        server.asked[0].headers["authorization"] == "Basic dmVuZG9yQGV4YW1wbGUuY29tOnBhc3M6d29yZA=="
    )


def test_a_token_is_made_once_and_again_when_it_expired(
    headrace: Headrace, server: ScriptedServer
) -> None:
    listed = _page([])
    for status, body in (
        (200, TOKEN),
        (200, listed),
        (200, listed),
        (401, {"details": "The token is unknown or expired."}),
        (200, TOKEN | {"token": "def"}),
        (200, listed),
    ):
        server.will_answer(status, body)
    workspace = headrace.workspace(7)
    for _ in range(3):
        assert workspace.list_loads().results == []
    assert [asked.path for asked in server.asked] == [
        "/api/v3/token",
        "/api/v3/loads",
        "/api/v3/loads",
        "/api/v3/loads",
        "/api/v3/token",
        "/api/v3/loads",
    ]
    assert server.asked[0].body == b'{"workspace_id":7}'
    assert server.asked[-1].headers["authorization"] == "Bearer def"


def test_a_token_that_stays_refused_is_an_error(headrace: Headrace, server: ScriptedServer) -> None:
    for status, body in (
        (200, TOKEN),
        (401, {"details": "no"}),
        (200, TOKEN),
        (401, {"details": "no"}),
    ):
        server.will_answer(status, body)
    with pytest.raises(Unauthorized, match="401: no"):
        headrace.workspace(7).list_loads()
    assert len(server.asked) == 4


def test_a_limit_is_waited_out(headrace: Headrace, server: ScriptedServer) -> None:
    server.will_answer(429, {"details": "Too many requests."}, Retry_After="0")
    server.will_answer(200, WORKSPACE)
    assert headrace.agency.get_workspace(7).id == 7
    assert len(server.asked) == 2


def test_a_limit_that_stays_is_an_error(headrace: Headrace, server: ScriptedServer) -> None:
    for _ in range(4):
        server.will_answer(429, {"details": "Too many requests."}, Retry_After="0")
    with pytest.raises(TooManyRequests, match="Too many requests"):
        headrace.agency.get_workspace(7)
    assert len(server.asked) == 4


def test_a_cut_connection_is_tried_again_with_the_same_key(
    headrace: Headrace, server: ScriptedServer
) -> None:
    server.will_answer(None)
    server.will_answer(201, WORKSPACE)
    headrace.agency.create_workspace(models.WorkspaceIn(title="Acme"))
    first, second = (asked.headers["idempotency-key"] for asked in server.asked)
    assert first == second


def test_two_calls_have_two_keys(headrace: Headrace, server: ScriptedServer) -> None:
    for _ in range(2):
        server.will_answer(201, WORKSPACE)
        headrace.agency.create_workspace(models.WorkspaceIn(title="Acme"))
    assert len({asked.headers["idempotency-key"] for asked in server.asked}) == 2


def test_what_nobody_may_repeat_is_not(headrace: Headrace, server: ScriptedServer) -> None:
    server.will_answer(200, TOKEN)
    server.will_answer(503, {"details": "Busy."})
    with pytest.raises(Exception, match="503: Busy"):
        headrace.workspace(7).update_extract(3, models.ExtractPatch())
    assert len(server.asked) == 2


@pytest.mark.parametrize(("status", "error"), [(404, NotFound), (409, Conflict)])
def test_errors_say_what_the_server_said(
    headrace: Headrace, server: ScriptedServer, status: int, error: type[Exception]
) -> None:
    server.will_answer(
        status, {"details": "No.", "errors": {"title": ["too long"]}}, X_Request_Id="r-1"
    )
    with pytest.raises(error, match=f"{status}: No") as caught:
        headrace.agency.get_workspace(7)
    assert caught.value.errors == {"title": ["too long"]}  # type: ignore[attr-defined]
    assert caught.value.request_id == "r-1"  # type: ignore[attr-defined]


def test_an_answer_that_cannot_be_read_is_told(headrace: Headrace, server: ScriptedServer) -> None:
    server.will_answer(200, {"id": "seven"})
    with pytest.raises(Unreachable, match="answered something else"):
        headrace.agency.get_workspace(7)


def test_every_page_is_read(headrace: Headrace, server: ScriptedServer) -> None:
    server.will_answer(200, _page([WORKSPACE, WORKSPACE | {"id": 8}], more=True))
    server.will_answer(200, _page([WORKSPACE | {"id": 9}]))
    found = [workspace.id for workspace in every(headrace.agency.list_workspaces, page_size=2)]
    assert found == [7, 8, 9]
    assert server.asked[1].path == "/api/v3/workspaces?page=2&page_size=2"


def test_values_are_written_as_the_api_reads_them(
    headrace: Headrace, server: ScriptedServer
) -> None:
    server.will_answer(200, TOKEN)
    server.will_answer(200, _page([]))
    server.will_answer(200, _page([]))
    workspace = headrace.workspace(7)
    workspace.list_accounts(3, is_active=True, search="Zoë & Söhne")
    workspace.list_templates("a/b", page=2)
    assert server.asked[1].path == (
        "/api/v3/connections/3/accounts?is_active=true&search=Zo%C3%AB+%26+S%C3%B6hne"
    )
    assert server.asked[2].path == "/api/v3/datasources/a%2Fb/extract-templates?page=2"
