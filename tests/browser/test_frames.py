"""The session of an iframe in a real browser: who may show it, where its cookie goes, what it says."""

import pytest
from playwright.sync_api import Browser, Page

from browser.conftest import Site
from browser.looking import expect_fault, messages, no_sideways_scrolling, no_violations
from fakes.api_callers import RemoteWorkspace
from fakes.host_product import HostProduct
from headrace.client import models

pytestmark = pytest.mark.system


def minted(workspace: RemoteWorkspace, **asked: object) -> str:
    return workspace.api.get_iframe_url(models.IframeUrlIn(**asked)).url


def test_the_first_page_opens_with_a_cookie_of_the_frame(  # S43 S49
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    url = minted(workspace, origin=product.origin)
    page.goto(product.frame(url))
    frame = page.frame_locator("#frame")
    frame.get_by_role("heading", name="Start").wait_for()
    inner = page.frames[1]
    assert "code" not in inner.url
    (cookie,) = [item for item in page.context.cookies() if "embed" in item["name"]]
    assert cookie["name"].startswith("__Host-")
    assert cookie["httpOnly"]
    assert cookie["secure"]
    assert cookie["sameSite"] == "None"
    assert "localhost" in str(cookie.get("partitionKey"))
    no_violations(page, inner)


def test_without_cookies_of_frames_the_session_is_in_memory(  # S50
    browser: Browser, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    # Chromium's own switch for third-party cookies spares partitioned ones; other browsers do not.
    page.route("**/api/v3/embed/session", _without_cookie)
    page.goto(product.frame(minted(workspace, origin=product.origin)))
    frame = page.frame_locator("#frame")
    frame.get_by_role("heading", name="Start").wait_for()
    assert not [item for item in page.context.cookies() if "embed" in item["name"]]


def _without_cookie(route: object) -> None:
    answer = route.fetch()  # type: ignore[attr-defined]  # Playwright's Route
    # The browser has taken the cookie out of the answer already.
    route.request.frame.page.context.clear_cookies()  # type: ignore[attr-defined]  # as above
    headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
    route.fulfill(response=answer, headers=headers)  # type: ignore[attr-defined]  # as above


def test_a_used_url_says_so(  # S41
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    address = product.frame(minted(workspace, origin=product.origin))
    page.goto(address)
    page.frame_locator("#frame").get_by_role("heading", name="Start").wait_for()
    page.goto(address)
    frame = page.frame_locator("#frame")
    frame.get_by_role("heading", name="This page cannot be opened again").wait_for()
    told = messages(page, "headrace.expired")
    assert told[-1]["error"]["error_code"] == "code_spent"
    no_violations(page, page.frames[1])


def test_no_other_page_shows_it(  # S43 S45
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    address = product.frame(minted(workspace, origin=product.origin))
    for origin in (product.other_origin, product.lookalike_origin):
        expect_fault(page, "frame-ancestors")
        page.goto(address.replace(product.origin, origin))
        page.wait_for_load_state("networkidle")
        assert page.evaluate("messages") == []
        assert page.frames[1].url.startswith("chrome-error:")


def test_pages_fit_a_telephone(workspace: RemoteWorkspace, site: Site, page: Page) -> None:
    site.sign_in(page.context)
    page.goto(f"{site.url}/workspaces/{workspace.id}")
    page.get_by_role("heading", name="Start").wait_for()
    no_sideways_scrolling(page)
    no_violations(page)
