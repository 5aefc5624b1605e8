"""Take the pictures that the README shows: `make screenshots`.

Starts a server of its own in a temporary folder, fills a workspace from the demo network, and looks
at its pages with the distribution's Chromium, in light and in dark.
"""

import shutil
import sys
import tempfile
from pathlib import Path

from playwright.sync_api import Browser, Page, sync_playwright

ROOT = Path(__file__).parents[1]
sys.path.insert(0, str(ROOT / "tests"))

from fakes.server import Server  # type: ignore[import-not-found]  # noqa: E402 - the tests' own

FOLDER = ROOT / "docs" / "screenshots"
CHROMIUM = "/usr/bin/chromium"
SIZE = {"width": 1200, "height": 760}
USER, PASSWORD = "ada@example.com", "correct horse battery"
_PATIENCE_MILLISECONDS = 120_000


def main() -> None:
    """Make the pictures anew."""
    home = Path(tempfile.mkdtemp(prefix="headrace-screenshots-"))
    home.chmod(0o755)
    server = Server.at(home / "site")
    try:
        server.start("up")
        server.wait_until_it_answers()
        with sync_playwright() as playwright:
            browser = playwright.chromium.launch(executable_path=CHROMIUM, args=["--no-sandbox"])
            take(browser, server)
            browser.close()
    finally:
        server.stop_everything()
        shutil.rmtree(home, ignore_errors=True)


def take(browser: Browser, server: Server) -> None:
    """Go the way of the README by clicks, and take a picture of each page on it."""
    context = browser.new_context(viewport=SIZE, locale="en-GB")  # type: ignore[arg-type]  # a plain dictionary fits
    page = context.new_page()
    page.set_default_timeout(_PATIENCE_MILLISECONDS)
    address = server.log("up").partition("first user at ")[2].split()[0]
    page.goto(address)
    page.get_by_label("Name of your agency or company").fill("Acme Software")
    page.get_by_label("Username").fill(USER)
    page.get_by_label("Password").fill(PASSWORD)
    page.get_by_role("button", name="Begin").click()
    page.get_by_role("link", name="New workspace").click()
    page.get_by_label("Name").fill("Globex")
    page.get_by_role("button", name="Create").click()
    page.get_by_role("heading", name="To your first chart").wait_for()
    base = page.url
    picture(page, "start")
    page.goto(base + "/connect/demo_ads")
    with page.expect_popup() as opened:
        page.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()
    page.get_by_role("heading", name="Choose accounts").wait_for()
    picture(page, "accounts")
    page.get_by_role("button", name="Connect", exact=True).click()
    page.get_by_role("heading", name="Demo Ads is connected").wait_for()
    page.goto(base + "/extracts/new")
    picture(page, "new-extract")
    page.get_by_role("button", name="Start Campaigns by day").click()
    page.locator(".badge", has_text="Up to date").first.wait_for()
    page.goto(base + "/runs")
    page.locator("tbody a").first.click()
    page.locator(".badge", has_text="Succeeded").first.wait_for()
    picture(page, "run")
    page.goto(base + "/dashboards/performance")
    page.get_by_role("heading", name="Performance", level=1).wait_for()
    picture(page, "performance")
    page.goto(base + "/dashboards/freshness")
    picture(page, "freshness")


def picture(page: Page, name: str) -> None:
    """Take a page in light and in dark."""
    FOLDER.mkdir(parents=True, exist_ok=True)
    page.wait_for_load_state("networkidle")
    page.evaluate("document.activeElement?.blur()")
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        page.screenshot(path=FOLDER / f"{name}-{scheme}.png")
    page.emulate_media(color_scheme="light")


if __name__ == "__main__":
    main()
