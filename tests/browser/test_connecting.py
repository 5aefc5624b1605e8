"""Connecting a data source in a real browser: the platform's window, accounts, what the host hears."""

from typing import Any

import pytest
from playwright.sync_api import FrameLocator, Page

from browser.conftest import Site
from browser.looking import messages, no_sideways_scrolling, no_violations
from fakes.api_callers import RemoteWorkspace
from fakes.host_product import HostProduct
from headrace.client import models

pytestmark = pytest.mark.system


def embedded(
    workspace: RemoteWorkspace, product: HostProduct, page: Page, more: str = "", **asked: Any
) -> FrameLocator:
    """Open the frame of a product for connecting Demo Ads."""
    asked = {"datasource_name": "demo_ads", "origin": product.origin} | asked
    url = workspace.api.get_iframe_url(models.IframeUrlIn(**asked)).url
    page.goto(product.frame(url + more))
    return page.frame_locator("#frame")


def connections(workspace: RemoteWorkspace) -> list[Any]:
    return list(workspace.api.list_connections("demo_ads").results)


def test_a_customer_connects_in_a_window(  # S46 S48
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    frame = embedded(workspace, product, page)
    button = frame.get_by_role("button", name="Continue with Demo Ads")
    button.wait_for()
    no_violations(page, page.frames[1])

    with page.expect_popup() as opened:
        button.click()
    opened.value.get_by_role("button", name="Allow").click()
    frame.get_by_role("heading", name="Demo Ads is connected").wait_for()

    (made,) = connections(workspace)
    (told,) = messages(page, "ConnectionCreated")
    assert told == {
        "type": "ConnectionCreated",
        "connection_id": made.id,
        "datasource_name": "demo_ads",
        "workspace_id": workspace.id,
    }
    assert opened.value.is_closed()
    assert messages(page, "headrace.auth_started")
    everything = str(page.evaluate("messages"))
    for secret in ("receipt", "state=", "token"):
        assert secret not in everything
    no_violations(page, page.frames[1])


def test_a_window_that_was_blocked_is_opened_by_a_link(
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    page.add_init_script(
        "window.blocked = 1; const real = open;"
        "window.open = (...all) => window.blocked-- > 0 ? null : real(...all);"
    )
    frame = embedded(workspace, product, page)

    frame.get_by_role("button", name="Continue with Demo Ads").click()
    frame.get_by_text("Your browser blocked the window").wait_for()
    assert messages(page, "headrace.auth_error")[0]["error"]["error_code"] == "popup_blocked"
    no_violations(page, page.frames[1])
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Open Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()

    frame.get_by_role("heading", name="Demo Ads is connected").wait_for()


def test_a_window_that_was_closed_is_offered_again(  # S61 F50
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    frame = embedded(workspace, product, page)

    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").wait_for()
    opened.value.close()
    frame.get_by_text("The window was closed before access was allowed").wait_for()
    assert messages(page, "headrace.auth_error")[0]["error"]["error_code"] == "popup_closed"
    assert connections(workspace) == []
    with page.expect_popup() as opened:
        frame.get_by_role("link", name="Open Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()

    frame.get_by_role("heading", name="Demo Ads is connected").wait_for()
    assert len(connections(workspace)) == 1


def test_who_denies_is_told_and_may_try_again(  # S61
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    frame = embedded(workspace, product, page)

    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Deny").click()
    frame.get_by_role("heading", name="Demo Ads is not connected").wait_for()

    error = messages(page, "headrace.auth_error")[0]["error"]
    assert error["error_code"] == "provider_denied"
    assert error["retryable"] is True
    assert messages(page, "headrace.exit")
    assert connections(workspace) == []
    no_violations(page, page.frames[1])
    frame.get_by_role("link", name="Try again").click()
    frame.get_by_role("button", name="Continue with Demo Ads").wait_for()


def test_accounts_are_chosen_by_keyboard(
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    frame = embedded(workspace, product, page, "?show_account_selection=True")
    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()
    frame.get_by_role("heading", name="Choose accounts").wait_for()
    assert connections(workspace) == []
    no_violations(page, page.frames[1])

    frame.get_by_role("button", name="Choose none").press("Enter")
    frame.get_by_text("0 of").wait_for()
    search = frame.get_by_role("searchbox", name="Search accounts")
    search.press_sequentially("surf")
    choice = frame.get_by_role("checkbox", name="Southern Cross Surf")
    frame.get_by_text("1 found").wait_for()
    choice.press("Space")
    frame.get_by_role("button", name="Connect").press("Enter")
    frame.get_by_role("heading", name="Demo Ads is connected").wait_for()

    (made,) = connections(workspace)
    assert made.enabled_for_extraction_accounts_number == 1
    assert made.accounts_number > 1
    assert messages(page, "ConnectionCreated")[0]["connection_id"] == made.id
    assert messages(page, "headrace.accounts_selected")


def test_reconnecting_keeps_the_id(
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    made = workspace.api.create_connection("demo_ads", models.ConnectionIn()).id
    frame = embedded(workspace, product, page, connection_id=made)

    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()

    frame.get_by_role("heading", name="Demo Ads is connected again").wait_for()
    assert messages(page, "headrace.connection_updated")[0]["connection_id"] == made
    assert [item.id for item in connections(workspace)] == [made]


def test_outside_of_a_frame_one_chooses_a_platform(
    workspace: RemoteWorkspace, site: Site, page: Page
) -> None:
    site.sign_in(page.context)
    page.goto(f"{site.url}/workspaces/{workspace.id}/connect")
    no_violations(page)
    no_sideways_scrolling(page)
    page.get_by_role("searchbox").press_sequentially("demo")
    page.get_by_role("link", name="Meta Ads").wait_for(state="detached")
    page.get_by_role("link", name="Demo Ads").click()
    page.wait_for_url("**/connect/demo_ads*")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="Choose accounts").wait_for()
    no_violations(page)
    no_sideways_scrolling(page)
    page.get_by_role("button", name="Connect", exact=True).click()

    page.get_by_role("heading", name="Demo Ads is connected").wait_for()
    assert len(connections(workspace)) == 1


def test_somebody_outside_answers_a_link(  # S55 S56
    workspace: RemoteWorkspace, page: Page
) -> None:
    body = models.ExternalAuthLinksIn(send_email=False, message="Please!")
    (link,) = workspace.api.create_external_auth_links("demo_ads", body)
    page.goto(str(link.url))
    page.get_by_text("Please!").wait_for()
    no_violations(page)
    no_sideways_scrolling(page)

    with page.expect_popup() as opened:
        page.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()

    page.get_by_role("heading", name="Thank you").wait_for()
    assert len(connections(workspace)) == 1
    page.goto("about:blank")
    page.goto(str(link.url))
    page.get_by_role("heading", name="This link works no more").wait_for()
    no_violations(page)


def test_a_way_back_without_its_page_asks_first(workspace: RemoteWorkspace, page: Page) -> None:
    begun = workspace.api.begin_authorization("demo_ads", models.AuthorizationIn())
    page.goto(begun.authorize_url)
    page.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="Connect Demo Ads?").wait_for()
    no_violations(page)
    assert connections(workspace) == []

    page.get_by_role("button", name="Connect").click()

    page.get_by_text("You can close this window").wait_for()
    assert len(connections(workspace)) == 1
