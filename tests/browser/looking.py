"""What every look at a page should find: no violations of accessibility, no failing scripts."""

import json
from typing import Any

from axe_playwright_python.sync_playwright import Axe
from jsonschema import Draft202012Validator
from playwright.sync_api import ConsoleMessage, Frame, Page

from headrace.pages.assets import content_of

CHROMIUM = "/usr/bin/chromium"
NARROW, WIDE = {"width": 320, "height": 800}, {"width": 1280, "height": 900}
HUGE = {"width": 3840, "height": 2160}
_LONGEST_LINE = 1_750
_TAGS = ["wcag2a", "wcag2aa", "wcag21a", "wcag21aa", "wcag22aa", "best-practice"]
_AXE = Axe()
_SCHEMA = Draft202012Validator(json.loads(content_of("messages.schema.json")))


class Watched:
    """Collects what goes wrong on a page unseen."""

    def __init__(self, page: Page) -> None:
        self._page = page
        self.faults: list[str] = []
        self.expected: list[str] = []
        page.on("pageerror", lambda error: self.faults.append(str(error)))
        page.on("console", self._heard)
        page.__dict__["watched"] = self

    def _heard(self, message: ConsoleMessage) -> None:
        # What a server refuses is said by the page itself.
        if message.type == "error" and "Failed to load resource" not in message.text:
            self.faults.append(message.text)

    def check(self) -> None:
        """Insist that nothing went wrong but what was expected."""
        left = [fault for fault in self.faults if not any(part in fault for part in self.expected)]
        assert not left, left


def expect_fault(page: Page, part: str) -> None:
    """Say that the browser will complain of something, with these words in it."""
    page.__dict__["watched"].expected.append(part)


def no_violations(page: Page, place: Page | Frame | None = None) -> None:
    """Insist that axe-core finds nothing wrong on a page, or in a frame, in light and in dark.

    The page must stand still: wait for what it shows before.
    """
    for scheme in ("light", "dark"):
        page.emulate_media(color_scheme=scheme, reduced_motion="reduce")
        found = _AXE.run(place or page, options={"runOnly": _TAGS, "resultTypes": ["violations"]})
        assert found.violations_count == 0, f"{scheme}: {found.generate_report()}"


def no_sideways_scrolling(page: Page) -> None:
    """Insist that a page fits 320 pixels (WCAG 2.2, 1.4.10), and has no endless lines on 4K."""
    for size in (NARROW, HUGE):
        page.set_viewport_size(size)  # type: ignore[arg-type]  # plain dictionaries fit
        width = page.evaluate("document.documentElement.scrollWidth")
        assert width <= size["width"], f"{width} pixels wide at {size['width']}"
    longest = page.evaluate(
        "Math.max(0, ...[...document.querySelectorAll('main p')].map(p => p.clientWidth))"
    )
    page.set_viewport_size(WIDE)  # type: ignore[arg-type]  # as above
    assert longest <= _LONGEST_LINE, f"a line of {longest} pixels at {HUGE['width']}"


def messages(page: Page, wanted: str) -> list[dict[str, Any]]:
    """Wait until a host page got a message of a type; return all of that type, oldest first.

    Whatever it got fits the published schema, and holds neither token nor code (S48).
    """
    page.wait_for_function("wanted => messages.some(({data}) => data?.type === wanted)", arg=wanted)
    found = [item["data"] for item in page.evaluate("messages")]
    for message in found:
        _SCHEMA.validate(message)
    return [message for message in found if message["type"] == wanted]
