"""What pages load: small, ours, and kept for good under a path that changes with what it holds."""

import re
from importlib import resources

import pytest
from fastapi.testclient import TestClient

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.visitors import signed_in
from headrace.pages import assets
from headrace.pages.looks import FONTS, Look, contrast

STATIC = resources.files("headrace.pages").joinpath("static")


def test_an_asset_is_kept_for_good_under_its_version(client: TestClient) -> None:
    address = assets.asset("base.css")
    answer = client.get(address)
    assert answer.headers["Content-Type"] == "text/css; charset=utf-8"
    assert "immutable" in answer.headers["Cache-Control"]
    again = client.get(address, headers={"If-None-Match": answer.headers["ETag"]})
    assert (again.status_code, again.content) == (304, b"")


def test_another_releases_path_is_answered_but_not_kept(client: TestClient) -> None:
    answer = client.get("/assets/0123456789abcdef/base.css")
    assert answer.status_code == 200
    assert answer.headers["Cache-Control"] == "no-cache"


@pytest.mark.parametrize(
    "path",
    ["/assets/x/nothing.css", "/assets/x/..%2Fassets.py", "/assets/x/%2e%2e", "/assets/x/a%00"],
)
def test_nothing_else_is_served(path: str, client: TestClient) -> None:  # S85
    assert client.get(path).status_code == 404


def test_the_first_page_is_small(  # under 100 kB, all that it loads included
    agency: AgencyFake, workspace: WorkspaceFake, client: TestClient
) -> None:
    page = signed_in(workspace, agency.username).get()
    names = set(re.findall(r"/assets/\w+/([\w.-]+)", page.text))
    assert {"base.css", "navigate.js"} <= names
    pending, loaded = set(names), set()
    while pending:
        name = pending.pop()
        loaded.add(name)
        text = assets.content_of(name).decode()
        pending |= set(re.findall(r'from "\./([\w.]+)"', text)) - loaded
    size = len(page.content) + sum(len(assets.content_of(name)) for name in loaded)
    assert size < 100_000


def test_no_page_loads_anything_from_elsewhere() -> None:
    for item in STATIC.iterdir():
        if item.name.endswith((".css", ".js")):
            text = item.read_text(encoding="utf-8").replace("http://www.w3.org/2000/svg", "")
            assert not re.search(r"https?://|//\w+\.\w+/", text), item.name
            assert "eval(" not in text
            assert "innerHTML" not in text, f"{item.name}: set text or move nodes"


@pytest.mark.parametrize(
    "accent", ["#ffee00", "#0b6e69", "#000000", "#ffffff", "#ff0000", "#8899aa"]
)
def test_whatever_the_accent_what_stands_on_it_can_be_read(accent: str) -> None:
    css = Look(accent=accent).css()
    ink = re.search(r"--on-accent: light-dark\((#\w+),", css)
    link = re.search(r"--link: light-dark\((#\w+), (#\w+)\)", css)
    assert ink is not None
    assert link is not None
    assert contrast(ink[1], accent) >= 4.5
    assert contrast(link[1], "#ffffff") >= 4.5
    assert contrast(link[2], "#161b22") >= 4.5


@pytest.mark.parametrize(
    "accent", ["red", "#fff", "#12345g", "#000000;} body{display:none", "url(https://evil.test)"]
)
def test_a_look_holds_nothing_but_its_values(accent: str) -> None:  # S53
    assert Look(accent=accent, font="x;}", radius=8).css() == ""
    assert Look(font="serif", radius=0).css() == f"--radius: 0px; --font: {FONTS['serif']}"
