"""Click-jacking by the page around the frame: what a visitor cannot see, they do not do."""

import pytest
from playwright.sync_api import FrameLocator, Page

from fakes.api_callers import RemoteWorkspace
from fakes.host_product import HostProduct
from headrace.client import models

pytestmark = pytest.mark.system

OVERLAY = """() => {
  const cover = document.createElement("div");
  cover.id = "cover";
  Object.assign(cover.style, { position: "fixed", inset: 0, pointerEvents: "none" });
  cover.style.background = "white";
  document.body.append(cover);
}"""
# The browser looks for what covers a page ten times a second, less often when it is busy.
_NOTICED_AFTER_MILLISECONDS = 1_000
UNSEEN = "() => { document.getElementById('frame').style.opacity = '0.01'; }"
UNCOVER = """() => {
  document.getElementById("cover")?.remove();
  document.getElementById("frame").style.opacity = "";
}"""


@pytest.mark.parametrize("cover", [OVERLAY, UNSEEN])
def test_a_click_through_something_deletes_nothing(  # S52
    cover: str, workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    workspace.connect_network()
    (connection,) = workspace.api.list_connections("demo_ads").results
    frame = _opened(workspace, product, page)
    inner = page.frames[1]
    inner.goto(f"{inner.url}/connections/{connection.id}/delete")
    page.evaluate(cover)
    page.wait_for_timeout(_NOTICED_AFTER_MILLISECONDS)
    frame.get_by_role("button", name="Delete").click()
    frame.get_by_text("Something covers this page").wait_for()
    assert workspace.api.list_connections("demo_ads").count == 1
    page.evaluate(UNCOVER)
    with page.expect_request(lambda request: request.method == "POST"):
        frame.get_by_role("button", name="Delete").click()
    frame.get_by_role("alert").wait_for(state="detached")
    assert workspace.api.list_connections("demo_ads").count == 0


def test_a_click_through_something_connects_nothing(  # S52
    workspace: RemoteWorkspace, product: HostProduct, page: Page
) -> None:
    frame = _opened(workspace, product, page)
    inner = page.frames[1]
    inner.goto(f"{inner.url}/connect/demo_ads")
    page.evaluate(OVERLAY)
    page.wait_for_timeout(_NOTICED_AFTER_MILLISECONDS)
    frame.get_by_role("button", name="Continue with Demo Ads").click()
    frame.get_by_text("Something covers this page").wait_for()
    assert len(page.context.pages) == 1
    # A key is pressed where the focus is, whatever lies over it.
    with page.expect_popup() as opened:
        frame.get_by_role("button", name="Continue with Demo Ads").press("Enter")
    opened.value.close()


def _opened(workspace: RemoteWorkspace, product: HostProduct, page: Page) -> FrameLocator:
    url = workspace.api.get_iframe_url(models.IframeUrlIn(origin=product.origin)).url
    page.goto(product.frame(url))
    frame = page.frame_locator("#frame")
    frame.get_by_role("heading", name="Start").wait_for()
    return frame
