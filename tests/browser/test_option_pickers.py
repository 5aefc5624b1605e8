"""Options that a platform lists, picked in a real browser: while one types, and without scripts."""

import re

import pytest
from playwright.sync_api import Browser, Page, expect

from browser.conftest import Site
from browser.looking import no_sideways_scrolling, no_violations
from fakes.api_callers import RemoteWorkspace

pytestmark = pytest.mark.system


def open_form(site: Site, page: Page, workspace: RemoteWorkspace) -> None:
    """Open the form of a new extract of campaigns, of one account."""
    workspace.connect_network()
    site.sign_in(page.context)
    page.goto(f"{site.url}/workspaces/{workspace.id}/extracts/new")
    page.get_by_role("link", name=re.compile("Choose fields of Campaigns by day")).click()
    page.get_by_label("Only those ticked here").check()


def test_options_follow_what_is_typed(site: Site, workspace: RemoteWorkspace, page: Page) -> None:
    open_form(site, page, workspace)
    page.get_by_label("Name of the data table").fill("Mine")
    search = page.get_by_label("Search Conversion actions")
    search.focus()
    page.get_by_label("Purchase", exact=False).check()
    search.fill("cart")
    expect(page.get_by_role("group", name="Found").get_by_role("checkbox")).to_have_count(1)
    expect(page.get_by_label("Purchase", exact=False)).to_be_checked()
    expect(search).to_be_focused()
    page.get_by_label("Added to cart", exact=False).check()
    search.fill("nothing is called so")
    expect(page.get_by_text("There are no others of that name.")).to_be_visible()
    chosen = page.get_by_role("group", name="Chosen").get_by_role("checkbox")
    expect(chosen).to_have_count(2)
    expect(page.locator(".wrong")).to_have_count(0)
    no_violations(page)
    no_sideways_scrolling(page)
    page.route("**/extracts/options", lambda route: route.abort())
    search.press("Enter")
    expect(page.get_by_text("The server did not answer.")).to_be_visible()
    expect(chosen).to_have_count(2)
    expect(page.get_by_label("Name of the data table")).to_have_value("Mine")


def test_options_are_found_without_scripts(
    site: Site, workspace: RemoteWorkspace, browser: Browser
) -> None:
    context = browser.new_context(java_script_enabled=False, locale="en-GB")
    page = context.new_page()
    open_form(site, page, workspace)
    page.get_by_label("Search Conversion actions").fill("purch")
    page.get_by_role("button", name="Look up").click()
    page.get_by_label("Purchase", exact=False).check()
    page.get_by_label("Search Conversion actions").fill("cart")
    page.get_by_role("button", name="Look up").click()
    expect(page.get_by_label("Purchase", exact=False)).to_be_checked()
    expect(page.get_by_label("Added to cart", exact=False)).not_to_be_checked()
    expect(page.get_by_label("Only those ticked here")).to_be_checked()
    context.close()
