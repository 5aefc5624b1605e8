"""Who may see a page, where it is mounted, and what browsers may do with it."""

import re

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.frames import HOST_PAGE
from fakes.pipelines import ROWS, connect_file
from fakes.visitors import Visitor, in_frame, signed_in
from headrace.settings import Settings


def _policy(answer: Response) -> dict[str, str]:
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return {name: rest for name, _, rest in (part.partition(" ") for part in parts)}


@pytest.mark.parametrize("with_cookie", [True, False])
def test_the_session_of_a_frame_sees_its_pages(workspace: WorkspaceFake, with_cookie: bool) -> None:
    answer = in_frame(workspace, with_cookie=with_cookie, origin=HOST_PAGE).get()
    assert answer.status_code == 200
    assert "<h1>Start</h1>" in answer.text
    assert _policy(answer)["frame-ancestors"] == HOST_PAGE  # S43


def test_who_signed_in_sees_the_same_pages_in_no_frame(  # S44
    agency: AgencyFake, workspace: WorkspaceFake
) -> None:
    answer = signed_in(workspace, agency.username).get()
    assert answer.status_code == 200
    assert "<h1>Start</h1>" in answer.text
    assert _policy(answer)["frame-ancestors"] == "'none'"
    assert answer.headers["X-Frame-Options"] == "DENY"


def test_what_browsers_may_do(workspace: WorkspaceFake) -> None:  # S53 S95
    visitor = in_frame(workspace, origin=HOST_PAGE)
    answers = [visitor.get(), visitor.get()]
    for answer in answers:
        policy = _policy(answer)
        nonce = re.fullmatch(r"'nonce-([\w-]{20,})'", policy["script-src"])
        assert nonce is not None
        assert policy["default-src"] == policy["base-uri"] == "'none'"
        assert policy["form-action"] == policy["connect-src"] == "'self'"
        for script in re.findall(r"<script[^>]*>[^<]*", answer.text):
            assert f'nonce="{nonce[1]}" src="/assets/' in script
            assert script.endswith(">")
        assert not re.search(r"<[^>]+ (style|on\w+)=", answer.text)
        assert answer.headers["Cache-Control"] == "no-store"
        assert answer.headers["X-Content-Type-Options"] == "nosniff"
        assert "camera=()" in answer.headers["Permissions-Policy"]
    assert _policy(answers[0])["script-src"] != _policy(answers[1])["script-src"]


def test_without_a_session_a_frame_says_what_to_do(
    client: TestClient, workspace: WorkspaceFake
) -> None:
    visitor = in_frame(workspace, origin=HOST_PAGE)
    answer = Visitor(client, visitor.base).get()
    assert answer.status_code == 401
    assert "This session has ended" in answer.text
    # The host page may show this too, and is told.
    assert _policy(answer)["frame-ancestors"] == HOST_PAGE
    assert 'data-signal="expired"' in answer.text


def test_without_a_login_one_is_asked_for_and_comes_back(client: TestClient) -> None:
    answer = client.get("/workspaces/1?lang=de", follow_redirects=False)
    assert answer.status_code == 303
    assert answer.headers["Location"] == "/console/login?next=/workspaces/1%3Flang%3Dde"


def test_a_session_is_that_of_the_path_alone(  # S04
    client: TestClient, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    mine, other = in_frame(workspace), in_frame(other_workspace)
    token = in_frame(workspace, with_cookie=False)
    assert Visitor(client, other.base, mine.headers).get().status_code == 401
    assert Visitor(client, other.base, token.headers).get().status_code == 401
    # Another token of the very workspace is not the session either.
    assert Visitor(client, mine.base, workspace.headers).get().status_code == 401
    moved = {"Cookie": mine.headers["Cookie"].replace(_name(mine), _name(other))}
    assert Visitor(client, other.base, moved).get().status_code == 401


def _name(visitor: Visitor) -> str:
    return visitor.base.rpartition("/")[2].replace("-", "")


def test_another_agencys_workspace_is_closed(  # S05
    agency: AgencyFake, workspace: WorkspaceFake, other_workspace: WorkspaceFake
) -> None:
    visitor = signed_in(workspace, agency.username)
    for workspace_id in (other_workspace.id, 10**30, 0):
        stranger = Visitor(workspace.client, f"/workspaces/{workspace_id}", visitor.headers)
        assert stranger.get().status_code in {403, 404}


def test_pages_speak_the_visitors_language(workspace: WorkspaceFake) -> None:
    visitor = in_frame(workspace)
    german = in_frame(workspace, lang="de-AT")
    assert '<html lang="en" dir="ltr"' in visitor.get().text
    for answer in (
        german.get(),
        visitor.get("?lang=de"),
        visitor.get(**{"Accept-Language": "fr;q=0.9, de-CH;q=0.8, en;q=0.1"}),
    ):
        assert '<html lang="de" dir="ltr"' in answer.text
        assert "<h1>Übersicht</h1>" in answer.text
    assert '<html lang="en"' in german.get("?lang=en").text


def test_a_frame_that_is_there_for_one_thing_leads_nowhere_else(workspace: WorkspaceFake) -> None:
    assert '<nav aria-label="Main">' in in_frame(workspace).get().text
    visitor = in_frame(workspace, datasource_name="file_import")
    first = visitor.get()
    assert first.status_code == 303
    page = visitor.get(first.headers["Location"].removeprefix(visitor.base))
    assert page.status_code == 200
    assert "<nav" not in page.text


def test_the_first_page_says_which_step_is_next(
    agency: AgencyFake, workspace: WorkspaceFake, settings: Settings
) -> None:
    visitor = signed_in(workspace, agency.username)
    first = visitor.get().text
    assert 'aria-current="step"' in first.partition("Connect a data source")[0]
    file = settings.file_import_roots[0] / "orders.csv"
    file.write_text(ROWS)
    connect_file(workspace, file)
    second = visitor.get().text
    assert 'class="done"' in second.partition("Connect a data source")[0]
    steps = second.partition("To your first chart")[2]
    assert 'aria-current="step"' in steps.partition("Choose what to read")[0]
    viewer = signed_in(workspace, agency.member(workspace, "viewer").username)
    assert "Connect a data source" not in viewer.get().text


def test_what_is_at_no_address_is_a_page_too(agency: AgencyFake, workspace: WorkspaceFake) -> None:
    visitor = signed_in(workspace, agency.username)
    assert "This is not here" in visitor.get("/nothing/at/all").text
    assert visitor.get("/nothing").status_code == 404
    for path in ("/", "/connections/", "//evil.test/"):
        answer = visitor.get(path)
        assert answer.status_code == 303
        assert answer.headers["Location"].startswith(visitor.base)
