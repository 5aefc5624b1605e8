"""The demo advertising network in the test's process: it can be made to wait, and to move on days."""

import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import timedelta
from typing import Any

import anyio
import httpx
from starlette.types import ASGIApp, Receive, Scope, Send

from fakes.ads_network import serving
from fakes.server import eventually
from headrace.kit import clock
from headrace.sandbox.app import create_app


@dataclass
class _Hold:
    """Requests that hold `text` wait, once `passing` of them went through."""

    text: str
    passing: int
    met: threading.Event = field(default_factory=threading.Event)
    released: threading.Event = field(default_factory=threading.Event)


@dataclass
class HeldNetwork:
    """A running network; `requests` lists what was asked, as `METHOD path?query`."""

    base_url: str
    days_on: ExitStack
    requests: list[str] = field(default_factory=list)
    hold: _Hold | None = None

    def hold_back(self, text: str, passing: int = 0) -> None:
        """From the request after `passing` ones on, answer none that holds a text."""
        self.hold = _Hold(text, passing)

    def wait_until_asked(self) -> None:
        """Wait until a request is held back."""
        assert self.hold is not None
        hold = self.hold
        eventually(hold.met.is_set, f"the network is asked for {hold.text}")

    def let_go(self) -> None:
        """Answer what was held back, and everything after it."""
        if self.hold is not None:
            self.hold.released.set()
            self.hold = None

    def let_days_pass(self, days: int) -> None:
        """Move the network's calendar on; whoever asks keeps its own."""
        self.days_on.enter_context(clock.shifted(timedelta(days=days)))

    def turn_back(self) -> None:
        """Forget what was asked, hold nothing back, and make it today again."""
        self.let_go()
        self.days_on.close()
        self.requests.clear()

    def asked(self, text: str) -> int:
        """How many requests held a text."""
        return sum(text in request for request in self.requests)

    def totals(self, account_id: str, date_from: str, date_to: str, level: str) -> dict[str, Any]:
        """What the network itself says of an account's days."""
        with httpx.Client(base_url=self.base_url) as client:
            answer = client.post("/oauth/token", data={"grant_type": "demo"})
            found: dict[str, Any] = client.get(
                f"/v1/accounts/{account_id}/totals",
                params={"level": level, "date_from": date_from, "date_to": date_to},
                headers={"Authorization": f"Bearer {answer.json()['access_token']}"},
            ).json()
        return found


@contextmanager
def held_network() -> Iterator[HeldNetwork]:
    """Serve a network on a port of its own; its calendar begins with today."""
    with ExitStack() as days_on:
        network = HeldNetwork("", days_on)
        with serving(_holding(create_app(slow_seconds=0.01), network)) as network.base_url:
            yield network
            network.let_go()


def _holding(app: ASGIApp, network: HeldNetwork) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        request = f"{scope['method']} {scope['path']}?{scope['query_string'].decode()}"
        network.requests.append(request)
        hold = network.hold
        if hold is not None and hold.text in request:
            hold.passing -= 1
            if hold.passing < 0:
                hold.met.set()
                while not hold.released.is_set():
                    await anyio.sleep(0.01)
        await app(scope, receive, send)

    return served
