"""What a frame tells its host page, and what the host script believes, among hostile pages."""

import json
import re
from typing import Any

import httpx
import pytest
from jsonschema import Draft202012Validator
from playwright.sync_api import Page

from architecture.house import ROOT
from browser.conftest import Site
from browser.looking import messages
from fakes.api_callers import RemoteWorkspace
from fakes.host_product import HostProduct
from headrace.client import models

pytestmark = pytest.mark.system

START = "Start"
_HEIGHT = "Math.ceil(document.getElementById('page').getBoundingClientRect().height)"


def minted(workspace: RemoteWorkspace, **asked: Any) -> str:
    return workspace.api.get_iframe_url(models.IframeUrlIn(**asked)).url


def host_page(product: HostProduct, site: Site, script: str) -> str:
    """A page of the product that uses the host script, as docs/how-to/embed.md shows."""
    return product.put(
        "/script",
        f"""<!doctype html><html lang="en"><meta charset="utf-8"><title>Product</title>
        <h1>Product</h1><div id="place"></div>
        <button id="go" type="button">Connect</button>
        <script src="{site.url}/embed.js"></script>
        <script>window.heard = []; window.messages = [];
        const keep = (data) => {{ heard.push(data.type); messages.push({{ data }}); }};
        {script}</script></html>""",
    )


def test_a_frame_says_that_it_is_ready_and_how_high_it_is(
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    url = minted(workspace, origin=product.origin)
    page.goto(product.frame(url))
    (ready,) = messages(page, "headrace.ready")
    assert ready["session_id"] in url
    assert messages(page, "headrace.opened")[0]["page"] == "/"
    height = messages(page, "headrace.resize")[-1]["height"]
    inner = page.frames[1]
    assert height == inner.evaluate(_HEIGHT)


def test_nothing_secret_is_told(  # S48
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    url = minted(workspace, origin=product.origin)
    # Kept by the page that asks, for with that page the browser forgets what it was answered.
    page.add_init_script("""
        const read = Response.prototype.json;
        Response.prototype.json = async function () {
            const found = await read.call(this);
            if (found.token) console.debug("token", found.token);
            return found;
        };
    """)
    with page.expect_console_message(lambda said: said.text.startswith("token ")) as said:
        page.goto(product.frame(url))
    token = said.value.text.removeprefix("token ")
    messages(page, "headrace.opened")
    told = json.dumps(page.evaluate("messages"))
    assert token not in told
    assert url.partition("#code=")[2] not in told


def test_only_the_page_named_at_minting_is_spoken_to(  # S45
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    # A window of its own, opened by a hostile page: nobody frames it, and its opener hears nothing.
    url = minted(workspace, origin=product.origin)
    page.goto(product.frame("about:blank").replace(product.origin, product.other_origin))
    with page.expect_popup() as opened:
        page.evaluate("url => { window.opened = open(url); }", url)
    opened.value.get_by_role("heading", name=START).wait_for()
    # A frame within the frame of the right origin is not what the URL was minted for either.
    assert page.evaluate("messages") == []


def test_the_script_shows_a_frame_that_grows_with_its_page(
    site: Site, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    url = minted(workspace, origin=product.origin)
    page.goto(
        host_page(
            product,
            site,
            f"Headrace.embed({url!r}, {{ container: '#place', height: 30, on: {{ '*': keep }} }});",
        )
    )
    page.frame_locator("#place iframe").get_by_role("heading", name=START).wait_for()
    height = messages(page, "headrace.resize")[-1]["height"]
    assert page.locator("#place iframe").evaluate("frame => frame.clientHeight") == height
    assert page.evaluate("heard").count("headrace.ready") == 1
    assert page.get_by_title("Connect your accounts").count() == 1


def test_the_script_opens_a_dialog_and_gives_the_focus_back(
    site: Site, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    url = minted(workspace, origin=product.origin)
    script = f"""
      document.getElementById("go").addEventListener("click", () =>
        Headrace.open(async () => {url!r}, {{
          on: {{ "headrace.ready": keep }},
          onClose: () => heard.push("closed"),
        }}));
    """
    page.goto(host_page(product, site, script))
    page.get_by_role("button", name="Connect").click()
    page.frame_locator("dialog iframe").get_by_role("heading", name=START).wait_for()
    page.wait_for_function("heard.length === 1")
    page.get_by_role("button", name="Close").press("Enter")
    assert page.locator("dialog").count() == 0
    assert page.evaluate("heard") == ["headrace.ready", "closed"]
    assert page.evaluate("document.activeElement.id") == "go"


def test_the_script_believes_its_own_frame_alone(  # S46 S47
    site: Site, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    url = minted(workspace, origin=product.origin)
    page.goto(
        host_page(
            product,
            site,
            f"Headrace.embed({url!r}, {{ container: '#place', on: {{ ConnectionCreated: keep }} }});",
        )
    )
    page.frame_locator("#place iframe").get_by_role("heading", name=START).wait_for()
    forged = "parent.postMessage({ type: 'ConnectionCreated', connection_id: 1 }, '*')"
    product.put("/evil", f"<script>{forged}; done = true</script>")
    # The right shape from another origin, a lookalike's among them.
    for origin in (product.lookalike_origin, product.other_origin):
        page.evaluate(_ADD, f"{origin}/evil")
    for frame in page.frames[2:]:
        frame.wait_for_function("done")
    # The right origin, but another window: a second frame of ours.
    page.evaluate(_ADD, minted(workspace, origin=product.origin))
    page.frame_locator("iframe.other >> nth=2").get_by_role("heading", name=START).wait_for()
    page.frames[-1].evaluate(forged)
    page.evaluate("postMessage({ type: 'ConnectionCreated', connection_id: 1 }, '*')")
    page.evaluate("() => new Promise((heard) => setTimeout(heard, 100))")
    assert page.evaluate("heard") == []
    # The frame itself is believed.
    page.frames[1].evaluate(
        "origin => parent.postMessage({ type: 'ConnectionCreated', connection_id: 1, "
        "datasource_name: 'demo_ads', workspace_id: 1 }, origin)",
        product.origin,
    )
    page.wait_for_function("heard.length === 1")


_ADD = """url => {
  const frame = document.createElement("iframe");
  Object.assign(frame, { src: url, className: "other", title: "Other" });
  document.body.append(frame);
}"""


def test_the_page_of_the_documentation_works(
    site: Site, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    text = (ROOT / "docs" / "how-to" / "embed.md").read_text()
    found = re.search(r"```html\n(.*?)```", text, re.DOTALL)
    assert found is not None
    product.put("/integrations/url", minted(workspace, origin=product.origin))
    address = product.put("/docs", found[1].replace("https://headrace.example.com", site.url))
    page.goto(address)
    page.get_by_role("button", name="Connect your accounts").click()
    page.frame_locator("dialog iframe").get_by_role("heading", name=START).wait_for()
    page.frames[1].evaluate(
        "origin => parent.postMessage({ type: 'ConnectionCreated', connection_id: 7, "
        "datasource_name: 'demo_ads', workspace_id: 1 }, origin)",
        product.origin,
    )
    page.get_by_text("Connection 7 is there.").wait_for()


def test_an_unused_session_ends_and_says_so(
    site: Site, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    page.clock.install()
    page.goto(product.frame(minted(workspace, origin=product.origin)))
    frame = page.frame_locator("#frame")
    frame.get_by_role("heading", name=START).wait_for()
    site.server.query("UPDATE access_token SET expires_at = now() - interval '1 s'")
    page.clock.fast_forward("31:00")
    frame.get_by_role("heading", name="This session has ended").wait_for()
    assert messages(page, "headrace.expired")


def test_what_a_host_page_takes_is_small_and_for_everyone(site: Site) -> None:
    script = httpx.get(f"{site.url}/embed.js")
    assert len(script.content) < 5000
    assert script.headers["Cross-Origin-Resource-Policy"] == "cross-origin"
    assert script.headers["Content-Type"].startswith("text/javascript")
    assert not re.search(r"\bimport\b|eval\(|innerHTML", script.text)
    again = httpx.get(f"{site.url}/embed.js", headers={"If-None-Match": script.headers["ETag"]})
    assert again.status_code == 304
    types = httpx.get(f"{site.url}/embed.d.ts").text
    assert "interface HeadraceHost" in types
    schema = httpx.get(f"{site.url}/embed/messages.json").json()
    Draft202012Validator.check_schema(schema)
    for name, item in schema["$defs"].items():
        assert name in {"ours", "error"} or item["x-stability"] in {"stable", "beta"}
