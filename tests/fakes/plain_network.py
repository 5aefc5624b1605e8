"""A network that speaks Demo Ads' API and holds exactly the rows that a test put there."""

from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass, field
from datetime import date, timedelta

from starlette.applications import Starlette
from starlette.requests import Request
from starlette.responses import JSONResponse, Response
from starlette.routing import Route

from fakes.ads_network import serving

Day = dict[str, tuple[int, int]]
"""The rows of a day: spend and clicks by campaign."""

_BASE: Day = {"base": (100, 1)}
_MANY_SECONDS = "3600"  # far more than a run waits for in a worker


@dataclass
class PlainNetwork:
    """One account. Every day has the row `base` until a test says otherwise.

    is_limited: whether reports are refused until later. is_refusing: whether they are for good.
    before_answer: called once, when the next answer is known and before it is sent.
    """

    base_url: str = ""
    days: dict[date, Day] = field(default_factory=dict)
    is_limited: bool = False
    is_refusing: bool = False
    before_answer: Callable[[], None] | None = None

    def rows(self, day: date) -> Day:
        """The rows of a day."""
        return dict(self.days.get(day, _BASE))

    def put(self, day: date, campaign: str, spend: int) -> None:
        """Let a day have a row, instead of the one it had."""
        self.days[day] = self.rows(day) | {campaign: (spend, spend % 7)}

    def remove(self, day: date, campaign: str) -> None:
        """Let a day have a row no more; `base` stays, so that no day is ever empty."""
        self.days[day] = {name: row for name, row in self.rows(day).items() if name != campaign}

    def reset(self) -> None:
        """Be as at first."""
        self.days.clear()
        self.is_limited = self.is_refusing = False
        self.before_answer = None

    def report(self, request: Request) -> Response:
        """Answer a question for rows."""
        if self.is_limited:
            return _error(429, "rate_limited", {"Retry-After": _MANY_SECONDS})
        if self.is_refusing:
            return _error(403, "forbidden")
        asked = request.query_params
        day, last = (date.fromisoformat(asked[name]) for name in ("date_from", "date_to"))
        fields, found = asked["fields"].split(","), []
        while day <= last:
            for campaign, (spend, clicks) in self.rows(day).items():
                row = {
                    "date": str(day),
                    "campaign_id": campaign,
                    "spend": f"{spend}.00",
                    "clicks": str(clicks),
                }
                found.append({name: row[name] for name in fields})
            day += timedelta(days=1)
        happens, self.before_answer = self.before_answer, None
        if happens is not None:
            happens()
        return JSONResponse({"data": found, "next_cursor": None})


@contextmanager
def plain_network() -> Iterator[PlainNetwork]:
    """Serve a network on a port of its own for a block."""
    network = PlainNetwork()
    account = {
        "id": "only", "name": "Only", "currency": "EUR", "timezone": "UTC", "status": "ACTIVE",
        "campaigns": 3, "ads": 3,
    }  # fmt: skip
    routes = [
        Route("/oauth/token", lambda _: JSONResponse({"access_token": "t"}), methods=["POST"]),
        Route("/v1/accounts", lambda _: JSONResponse({"data": [account], "next_cursor": None})),
        Route("/v1/accounts/only/report", network.report),
    ]
    with serving(Starlette(routes=routes)) as network.base_url:
        yield network


def _error(status: int, code: str, headers: dict[str, str] | None = None) -> Response:
    return JSONResponse({"error": {"code": code, "message": "no"}}, status, headers)
