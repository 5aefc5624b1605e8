"""The dashboards in a real browser: by pointer, by keyboard, without scripts, narrow, light and dark."""

import re
from collections.abc import Iterator
from datetime import timedelta

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Site
from browser.looking import no_sideways_scrolling, no_violations
from fakes.api_callers import RemoteWorkspace
from headrace.kit import clock

pytestmark = pytest.mark.system


@pytest.fixture(scope="module")
def filled(site_server: object) -> Iterator[RemoteWorkspace]:
    """A workspace with the last days of two accounts of the demo network."""
    workspace = Site(site_server).workspace()  # type: ignore[arg-type]  # the server it is
    accounts = workspace.connect_network()
    since = (clock.today("UTC") - timedelta(days=10)).isoformat()
    extracts = workspace.extracts(
        list(accounts.values())[:2], since, "Campaigns", "Campaigns by day"
    )
    for one in extracts:
        workspace.wait_extract(one)
    yield workspace
    workspace.close()


def opened(site: Site, page: Page, workspace: RemoteWorkspace, name: str) -> None:
    site.sign_in(page.context)
    page.goto(f"{site.url}/workspaces/{workspace.id}/dashboards/{name}")


def test_each_is_accessible_and_fits(site: Site, page: Page, filled: RemoteWorkspace) -> None:
    for name, title in (
        ("performance", "Performance"),
        ("freshness", "Freshness"),
        ("pipeline_health", "Pipeline health"),
    ):
        opened(site, page, filled, name)
        expect(page.get_by_role("heading", level=1)).to_have_text(title)
        for summary in page.locator("details > summary").all():
            summary.click()
        no_violations(page)
        no_sideways_scrolling(page)


def test_a_chart_says_what_one_points_at(site: Site, page: Page, filled: RemoteWorkspace) -> None:
    opened(site, page, filled, "performance")
    said = page.locator("[data-said]").first
    expect(said).to_have_text("")
    page.locator(".chart-scroll").first.focus()
    page.keyboard.press("ArrowRight")
    first = said.text_content() or ""
    page.keyboard.press("ArrowRight")
    assert first
    expect(said).not_to_have_text(first)
    page.keyboard.press("Escape")
    expect(said).to_have_text("")


def test_a_link_to_a_picture_is_copied(site: Site, page: Page, filled: RemoteWorkspace) -> None:
    opened(site, page, filled, "performance?metric=clicks")
    page.get_by_role("link", name="Link to picture : Clicks by day").click()
    expect(page.get_by_text("Chart: Clicks by day")).to_be_visible()
    no_violations(page)
    page.get_by_label("Title").fill("Clicks of ours")
    page.get_by_role("button", name="Make the link").click()
    field = page.get_by_label("Address of the picture")
    expect(field).to_have_value(re.compile(r"/charts/.+\.png$"))
    no_violations(page)
    no_sideways_scrolling(page)
    page.context.grant_permissions(["clipboard-read", "clipboard-write"])
    page.get_by_role("button", name="Copy").click()
    expect(page.get_by_text("It is copied.")).to_be_visible()
    assert page.evaluate("navigator.clipboard.readText()") == field.input_value()
    # Where the host page of a frame does not allow the clipboard, the older way is taken.
    page.evaluate("navigator.clipboard.writeText('something else')")
    page.evaluate("() => { navigator.clipboard.writeText = () => Promise.reject(Error('no')); }")
    page.get_by_role("button", name="Copy").click()
    page.wait_for_function(
        "wanted => getSelection().toString() === wanted", arg=field.input_value()
    )
    assert page.evaluate("navigator.clipboard.readText()") == field.input_value()


def test_each_chart_has_its_link(site: Site, page: Page, filled: RemoteWorkspace) -> None:
    for name, title in (
        ("performance", "Spend by day"),
        ("freshness", "Days"),
        ("pipeline_health", "Rows moved by day"),
    ):
        opened(site, page, filled, name)
        (one,) = page.get_by_role("link", name="Link to picture").all()
        expect(one).to_have_accessible_name(f"Link to picture : {title}")
        one.focus()
        page.keyboard.press("Enter")
        page.get_by_label("Form").select_option("svg")
        page.get_by_role("button", name="Make the link").click()
        address = page.get_by_label("Address of the picture").input_value()
        answer = page.request.get(address)
        assert answer.headers["content-type"].startswith("image/svg+xml"), name


def test_filters_work_without_scripts(
    site: Site, browser: Browser, filled: RemoteWorkspace
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="de-DE")
    site.sign_in(context)
    page = context.new_page()
    page.goto(f"{site.url}/workspaces/{filled.id}/dashboards/performance")
    page.get_by_label("Diagramm").select_option("clicks")
    page.get_by_role("button", name="Anzeigen").click()
    assert "metric=clicks" in page.url
    expect(page.get_by_role("heading", name="Klicks nach Tagen")).to_be_visible()
    assert page.locator(".chart svg path").count() > 10
    context.close()
