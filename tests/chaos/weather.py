"""The demo network with moods that change: limited, slow, out of order, cut short, suddenly empty."""

import logging
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, date, datetime, timedelta
from enum import StrEnum
from urllib.parse import parse_qs

import anyio
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from fakes.ads_network import serving
from headrace.kit import clock
from headrace.sandbox.app import create_app

_SLOW_SECONDS = 0.4
_CHANGING = timedelta(days=3)  # days that every run reads again
_MOST_DAYS_ON = 5


class Mood(StrEnum):
    """How the network answers questions about an account."""

    LIMITED = "rate limit"
    BROKEN = "server error"
    SLOW = "slow answers"
    CUT = "answers cut short"
    EMPTY = "empty answers"


@dataclass
class Weather:
    """The network's moods by account; without one, it answers as it is.

    EMPTY is for days that may still change: what is empty there for a while is read again later.
    """

    base_url: str = ""
    moods: dict[str, Mood] = field(default_factory=dict)
    answered: int = 0
    days_on: int = 0
    _shifts: ExitStack = field(default_factory=ExitStack)
    _lock: threading.Lock = field(default_factory=threading.Lock)

    def be(self, account_id: str, mood: Mood | None) -> None:
        """Change the mood towards an account."""
        with self._lock:
            if mood is None:
                self.moods.pop(account_id, None)
            else:
                self.moods[account_id] = mood

    def clear_up(self) -> None:
        """Lose all moods."""
        self.moods.clear()

    def let_a_day_pass(self) -> bool:
        """Move the network's calendar on, which restates figures; whether it was moved."""
        if self.days_on >= _MOST_DAYS_ON:
            return False
        self.days_on += 1
        self._shifts.enter_context(clock.shifted(timedelta(days=1)))
        return True

    def mood_of(self, path: str) -> Mood | None:
        """The mood in which a path is answered."""
        with self._lock:
            return next((mood for name, mood in self.moods.items() if f"/{name}/" in path), None)

    def end(self) -> None:
        """Give the clock back."""
        self._shifts.close()


@contextmanager
def weather() -> Iterator[Weather]:
    """Serve a network on a port of its own for a block."""
    found = Weather()
    with serving(_moody(create_app(slow_seconds=_SLOW_SECONDS), found)) as found.base_url:
        logging.getLogger("uvicorn.error").setLevel(logging.CRITICAL)  # it is told to break off
        try:
            yield found
        finally:
            found.end()


def _moody(app: ASGIApp, network: Weather) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        network.answered += 1
        mood = network.mood_of(scope["path"])
        if mood is Mood.LIMITED:
            await _answer(send, 429, b'{"error": {"code": "rate_limited"}}', (b"retry-after", b"1"))
        elif mood is Mood.BROKEN:
            await _answer(send, 503, b"upstream connect error")
        elif mood is Mood.EMPTY and _is_of_changing_days(scope):
            await _answer(send, 200, b'{"data": [], "next_cursor": null}')
        else:
            if mood is Mood.SLOW:
                await anyio.sleep(_SLOW_SECONDS)
            await app(scope, receive, _cutting(send) if mood is Mood.CUT else send)

    return served


def _is_of_changing_days(scope: Scope) -> bool:
    asked = parse_qs(scope["query_string"].decode())
    if not scope["path"].endswith("/report") or "date_from" not in asked:
        return False
    today = datetime.now(UTC).date()
    return date.fromisoformat(asked["date_from"][0]) > today - _CHANGING


async def _answer(send: Send, status: int, body: bytes, *headers: tuple[bytes, bytes]) -> None:
    await send({"type": "http.response.start", "status": status, "headers": list(headers)})
    await send({"type": "http.response.body", "body": body})


def _cutting(send: Send) -> Send:
    async def cut(message: Message) -> None:
        if message["type"] == "http.response.body":
            half = message["body"][: len(message["body"]) // 2]
            message = {"type": "http.response.body", "body": half, "more_body": False}
        await send(message)

    return cut
