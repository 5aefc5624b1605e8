"""Branding as its chief sets it: the sample follows what is typed, a picture is read into the form."""

import base64

import pytest
from playwright.sync_api import BrowserContext, Page, expect

from browser.conftest import Site
from browser.looking import no_sideways_scrolling, no_violations

pytestmark = pytest.mark.system

DOT = base64.b64decode(
    "iVBORw0KGgoAAAANSUhEUgAAAAEAAAABCAYAAAAfFcSJAAAADUlEQVR42mNkYPhfDwAChwGA60e6kgAAAABJRU5ErkJggg=="
)


def test_branding_is_set_and_taken_back(site: Site, context: BrowserContext, page: Page) -> None:
    site.sign_in(context)
    page.goto(f"{site.url}/console/branding")
    page.locator("[name=accent]").fill("#7a1fa2")
    page.locator("[name=accent_dark]").fill("#d9a2f0")
    ground = "background-color"
    expect(page.locator(".sample.light .button")).to_have_css(ground, "rgb(122, 31, 162)")
    expect(page.locator(".sample.dark .button")).to_have_css(ground, "rgb(217, 162, 240)")

    picture = page.locator("#file-logo")
    picture.set_input_files({"name": "a.svg", "mimeType": "image/svg+xml", "buffer": b"<svg/>"})
    assert not picture.evaluate("input => input.validity.valid")
    picture.set_input_files({"name": "a.png", "mimeType": "image/png", "buffer": DOT})
    expect(page.locator("input[type=hidden][name=logo]")).not_to_have_value("")
    page.get_by_role("button", name="Save").click()
    page.wait_for_url("**/branding?said=saved")

    logo = page.locator(".brand img")
    expect(logo).to_have_js_property("naturalWidth", 1)
    expect(page.get_by_role("button", name="Save")).to_have_css(ground, "rgb(122, 31, 162)")
    no_violations(page)
    no_sideways_scrolling(page)

    for name in ("accent", "accent_dark"):
        page.locator(f"[name={name}]").fill("")
    page.get_by_label("Remove it").check()
    with page.expect_navigation():
        page.get_by_role("button", name="Save").click()
    expect(page.locator(".brand img.mark")).to_be_visible()
