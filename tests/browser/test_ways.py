"""Pages with scripts and without, in a token's memory, from right to left, read by keyboard."""

import pytest
from playwright.sync_api import Browser, Page

from browser.conftest import Site
from browser.looking import no_sideways_scrolling, no_violations
from browser.test_messages import minted
from fakes.api_callers import RemoteWorkspace
from fakes.host_product import HostProduct

pytestmark = pytest.mark.system

URL = '[name="settings.url"]'


def test_everything_works_with_a_token_in_memory(  # S50
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    page.route("**/api/v3/embed/session", _without_cookie)
    page.goto(product.frame(minted(workspace, origin=product.origin)))
    frame = page.frame_locator("#frame")
    frame.get_by_role("heading", name="Start").wait_for()
    # A link, a search that follows what is typed, a form, and the way back.
    frame.get_by_role("link", name="Connections").first.click()
    page.frames[1].wait_for_url("**/connections")
    frame.get_by_role("link", name="Start").click()
    frame.locator(".steps").get_by_role("link", name="Connect a data source").click()
    frame.get_by_role("searchbox").fill("meta")
    frame.get_by_role("link", name="PostgreSQL").wait_for(state="detached")
    frame.get_by_role("searchbox").fill("")
    frame.get_by_role("link", name="PostgreSQL").wait_for()
    frame.get_by_role("link", name="File import").click()
    frame.get_by_role("button", name="Connect").click()
    # What lacks is told before anything is sent.
    frame.locator("[aria-invalid=true]").first.wait_for()
    frame.locator(URL).fill("ftp://example.com/x.csv")
    with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
        frame.get_by_role("button", name="Connect").click()
    assert answered.value.request.headers["authorization"].startswith("Bearer ")
    assert answered.value.status >= 400
    frame.get_by_role("alert").or_(frame.locator(".problem")).first.wait_for()
    assert frame.locator(URL).input_value() == "ftp://example.com/x.csv"
    assert not [item for item in page.context.cookies() if "embed" in item["name"]]


def _without_cookie(route: object) -> None:
    answer = route.fetch()  # type: ignore[attr-defined]  # Playwright's Route
    route.request.frame.page.context.clear_cookies()  # type: ignore[attr-defined]  # as above
    headers = {name: value for name, value in answer.headers.items() if name != "set-cookie"}
    route.fulfill(response=answer, headers=headers)  # type: ignore[attr-defined]  # as above


def test_pages_work_without_scripts(
    browser: Browser, site: Site, workspace: RemoteWorkspace
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    site.sign_in(context)
    page = context.new_page()
    page.goto(f"{site.url}/workspaces/{workspace.id}")
    page.get_by_role("heading", name="Übersicht").wait_for()
    page.get_by_role("link", name="Datenquelle verbinden").first.click()
    page.get_by_role("searchbox").fill("file")
    page.get_by_role("button", name="Suchen").click()
    assert page.get_by_role("link", name="Meta Ads").count() == 0
    page.get_by_role("link", name="File import").click()
    page.locator(URL).fill("ftp://example.com/x.csv")
    page.get_by_role("button", name="Verbinden").click()
    page.locator(".problem, [role=alert]").first.wait_for()
    assert page.locator(URL).input_value() == "ftp://example.com/x.csv"
    context.close()


def test_a_page_mirrors_itself_for_scripts_from_right_to_left(
    site: Site, workspace: RemoteWorkspace, page: Page
) -> None:
    site.sign_in(page.context)
    page.goto(f"{site.url}/workspaces/{workspace.id}")
    left = page.locator("h1").bounding_box()
    page.evaluate("document.documentElement.setAttribute('dir', 'rtl')")
    right = page.locator("h1").bounding_box()
    assert left is not None
    assert right is not None
    text = page.locator("h1").evaluate(
        """element => { const range = document.createRange(); range.selectNodeContents(element);
        const box = range.getBoundingClientRect(); return innerWidth - box.right; }"""
    )
    assert abs(text - left["x"]) < 20  # as far from the right as it was from the left
    no_sideways_scrolling(page)
    no_violations(page)


def test_the_keyboard_reaches_everything_and_shows_where_it_is(
    site: Site, workspace: RemoteWorkspace, page: Page
) -> None:
    site.sign_in(page.context)
    page.goto(f"{site.url}/workspaces/{workspace.id}")
    page.keyboard.press("Tab")
    assert page.evaluate("document.activeElement.className") == "skip"
    page.keyboard.press("Enter")
    page.keyboard.press("Tab")
    focused = page.evaluate("document.querySelector('main').contains(document.activeElement)")
    assert focused
    outline = page.evaluate("getComputedStyle(document.activeElement).outlineStyle")
    assert outline == "solid"


def test_a_form_of_another_site_changes_nothing(  # S51
    site: Site, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    site.sign_in(page.context)
    target = f"{site.url}/workspaces/{workspace.id}/connect/file_import"
    for origin in (product.origin, product.other_origin):
        product.put(
            "/evil",
            f'<form method="post" action="{target}"><input name="settings.url" value="x">'
            "<button>Win</button></form>",
        )
        page.goto(f"{origin}/evil")
        with page.expect_response(lambda answer: answer.request.method == "POST") as answered:
            page.get_by_role("button", name="Win").click()
        # From another site the cookie stays behind, or the write is refused.
        assert answered.value.status in {303, 403}
        assert workspace.api.list_connections("file_import").count == 0
