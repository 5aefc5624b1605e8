"""The whole way in a real browser: from a product that embeds the pages to a chart, by clicks."""

import re
from datetime import timedelta
from decimal import Decimal

import duckdb
import pytest
from playwright.sync_api import FrameLocator, Page, expect

from browser.conftest import Site
from browser.looking import messages, no_sideways_scrolling, no_violations
from fakes.api_callers import RemoteWorkspace
from fakes.host_product import HostProduct
from headrace.client import models
from headrace.kit import clock

pytestmark = pytest.mark.system

_PATIENCE = 60_000


def test_from_a_product_to_a_chart(  # S46 S48
    site: Site, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    url = workspace.api.get_iframe_url(models.IframeUrlIn(origin=product.origin)).url
    page.goto(product.frame(url))
    frame = page.frame_locator("#frame")

    frame.get_by_role("link", name="Connections", exact=True).first.click()
    frame.get_by_role("link", name="Connect a platform").click()
    frame.get_by_role("link", name="Demo Ads").click()
    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Continue with Demo Ads").click()
    opened.value.get_by_role("button", name="Allow").click()
    if frame.get_by_role("heading", name="Choose accounts").count() or not _is_connected(frame):
        frame.get_by_role("button", name="Choose none").click()
        frame.get_by_label(re.compile("Alpenglow Outfitters")).check()
        frame.get_by_role("button", name="Connect", exact=True).click()
    frame.get_by_role("heading", name="Demo Ads is connected").wait_for()
    told, *more = messages(page, "ConnectionCreated")
    assert not more, page.evaluate("messages")
    assert told["workspace_id"] == workspace.id

    frame.get_by_role("link", name="Extracts", exact=True).click()
    frame.get_by_role("link", name="New extract").click()
    frame.get_by_role("link", name="Choose fields of Campaigns by day").click()
    # One account, hence one currency: the dashboard never adds different ones.
    frame.get_by_label("Only those ticked here").check()
    since = clock.today("UTC") - timedelta(days=12)
    frame.get_by_label("History from").fill(since.isoformat())
    frame.get_by_role("button", name="Show some rows").click()
    frame.get_by_role("heading", name="Some rows of it").wait_for(timeout=_PATIENCE)
    no_violations(page, page.frames[1])
    frame.get_by_role("button", name="Create").click()
    _wait_until(frame, "Up to date")

    database = site.server.files / f"journey-{workspace.id}.duckdb"
    frame.get_by_role("link", name="Destinations", exact=True).click()
    frame.get_by_role("link", name="Connect a destination").click()
    frame.get_by_role("link", name="DuckDB").click()
    frame.get_by_label("Name", exact=False).first.fill("Shelf")
    frame.get_by_label("Path").fill(database.name)
    frame.get_by_role("button", name="Connect").click()
    _wait_until(frame, "Working")
    frame.get_by_role("link", name="Deliver a table there").click()
    frame.get_by_label("Data table").select_option(index=1)
    frame.get_by_label("Name of the table there").fill("campaigns")
    frame.get_by_role("button", name="Create").click()
    _wait_until(frame, "Up to date")

    frame.get_by_role("link", name="Dashboards", exact=True).click()
    spend = _spend(frame)
    with duckdb.connect(str(database), read_only=True) as shelf:
        row = shelf.execute("SELECT sum(spend) FROM campaigns WHERE date >= ?", [since]).fetchone()
    assert row is not None
    assert spend == Decimal(row[0]).quantize(Decimal("0.01"))
    assert spend > 0


def test_the_pages_of_a_workspace_are_accessible_and_fit(
    site: Site, workspace: RemoteWorkspace, page: Page
) -> None:
    accounts = workspace.connect_network()
    since = (clock.today("UTC") - timedelta(days=5)).isoformat()
    (extract,) = workspace.extracts(
        list(accounts.values())[:1], since, "Campaigns", "Campaigns by day"
    )
    workspace.wait_extract(extract)
    run = workspace.extract_runs(extract)[0]
    destination = workspace.connect_destination("duckdb", path=f"axe-{workspace.id}.duckdb")
    workspace.wait_destination(destination)
    load = workspace.load(extract, destination, "campaigns")
    site.sign_in(page.context)
    table = extract.data_table.id
    for path in (
        "",
        "/connections",
        f"/connections/{extract.connection_id}",
        f"/connections/{extract.connection_id}/accounts",
        "/extracts",
        "/extracts/new",
        f"/extracts/new?connection_id={extract.connection_id}&template_id={extract.template_id}",
        f"/extracts/{extract.id}",
        f"/extracts/{extract.id}/edit",
        "/data-tables",
        f"/data-tables/{table}",
        f"/data-tables/{table}/rows",
        f"/data-tables/{table}/fields",
        "/destinations",
        "/destinations/new",
        "/destinations/new/postgre_sql",
        f"/destinations/{destination.id}",
        "/loads",
        "/loads/new",
        f"/loads/{load.id}",
        "/runs",
        f"/runs/{run.id}",
        "/webhooks",
        "/webhooks/new",
        "/members",
    ):
        answer = page.goto(f"{site.url}/workspaces/{workspace.id}{path}")
        assert answer is not None
        assert answer.status == 200, path
        _checked(page, path)
    for path in (
        "/workspaces",
        "/workspaces/new",
        "/users",
        "/roles",
        "/roles/new?copy_of=2",
        "/platforms",
        "/audit",
    ):
        page.goto(f"{site.url}/console{path}")
        _checked(page, path)
    page.goto(f"{site.url}/console/roles/new")
    role = f"Planner of {workspace.id}"
    page.get_by_role("textbox", name="Name").fill(role)
    page.get_by_label("Create extracts").check()
    page.get_by_role("button", name="Create").click()
    page.get_by_text("The role is there").wait_for()
    for action in ("Change", "Delete"):
        page.goto(f"{site.url}/console/roles")
        page.get_by_role("row", name=role).get_by_role("link", name=action).click()
        _checked(page, action)


def _checked(page: Page, path: str) -> None:
    try:
        no_violations(page)
        no_sideways_scrolling(page)
    except AssertionError as error:
        raise AssertionError(f"{path}: {error}") from error


def _is_connected(frame: FrameLocator) -> bool:
    either = frame.get_by_role("heading", name=re.compile("Choose accounts|is connected"))
    either.wait_for()
    return "is connected" in (either.text_content() or "")


def _wait_until(frame: FrameLocator, words: str) -> None:
    """Wait for words that the page shows by itself, looking again as pages do."""
    expect(frame.locator(".badge", has_text=words).first).to_be_visible(timeout=_PATIENCE)


def _spend(frame: FrameLocator) -> Decimal:
    """The spend that the performance dashboard shows."""
    frame.get_by_role("link", name="Performance").first.click()
    frame.get_by_role("heading", name="Performance", level=1).wait_for()
    shown = frame.locator("dt", has_text="Spend").locator("xpath=following-sibling::dd").first
    text = shown.locator("strong").first.text_content() or ""
    return Decimal(re.sub(r"[^\d.]", "", text))
