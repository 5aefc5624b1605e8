"""The pages behind the URLs: who may show them, what they may load, what they tell others."""

import re

import pytest
from fastapi.testclient import TestClient
from httpx import Response

from fakes.callers import WorkspaceFake
from fakes.frames import HOST_PAGE, mint, redeem


def _policy(answer: Response) -> dict[str, str]:
    assert answer.status_code == 200
    parts = answer.headers["Content-Security-Policy"].split("; ")
    return {name: rest for name, _, rest in (part.partition(" ") for part in parts)}


def _page(client: TestClient, url: str) -> Response:
    return client.get(url.partition("#")[0].removeprefix("http://testserver"))


def test_the_host_page_alone_may_show_the_frame(  # S43
    client: TestClient, workspace: WorkspaceFake
) -> None:
    named, unnamed = mint(workspace, origin=HOST_PAGE), mint(workspace)
    assert _policy(_page(client, named.url))["frame-ancestors"] == HOST_PAGE
    assert _policy(_page(client, unnamed.url))["frame-ancestors"] == "'none'"
    for made_up in ("", "?session=x", "?session=7b0e3c1a-52c1-4d2e-9d0f-3f1c2b7a9e10"):
        answer = client.get(f"/embed/connect{made_up}")
        assert _policy(answer)["frame-ancestors"] == "'none'"


def test_the_address_does_not_choose_who_shows_it(  # S42
    client: TestClient, workspace: WorkspaceFake
) -> None:
    frame = mint(workspace, origin=HOST_PAGE)
    forged = frame.url.partition("#")[0] + "&origin=https://evil.test&show_account_selection=True"
    assert _policy(_page(client, forged))["frame-ancestors"] == HOST_PAGE


def test_looking_spends_nothing(client: TestClient, workspace: WorkspaceFake) -> None:  # S41
    frame = mint(workspace)
    for _ in range(2):
        answer = _page(client, frame.url)
        assert "set-cookie" not in answer.headers
        assert frame.code not in answer.text
    assert redeem(client, frame).status_code == 200
    # The page of a frame in use still says who may show it.
    assert _page(client, frame.url).status_code == 200


@pytest.mark.parametrize("path", ["/embed/connect", "/connect"])
def test_scripts_are_ours_alone(path: str, client: TestClient) -> None:  # S53 S95
    answers = [client.get(path), client.get(path)]
    policies = [_policy(answer) for answer in answers]
    for answer, policy in zip(answers, policies, strict=True):
        nonce = re.fullmatch(r"'nonce-([\w-]{20,})'", policy["script-src"])
        assert nonce is not None
        assert policy["default-src"] == policy["base-uri"] == "'none'"
        scripts = re.findall(r"<script[^>]*>", answer.text)
        assert scripts
        assert all(f'type="module" nonce="{nonce[1]}"' in script for script in scripts)
        assert answer.headers["Referrer-Policy"] in {"no-referrer", "same-origin"}
        assert answer.headers["Cache-Control"] == "no-store"
        assert "http" not in re.sub(r"<!doctype html>", "", answer.text)
    assert policies[0]["script-src"] != policies[1]["script-src"]


def test_no_page_shows_that_of_a_link(client: TestClient) -> None:  # S44
    assert _policy(client.get("/connect"))["frame-ancestors"] == "'none'"
