"""The demo advertising network over real HTTP, with faults between it and whoever asks."""

import base64
import hashlib
import threading
import time
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from datetime import UTC, datetime, timedelta
from typing import Any
from urllib.parse import parse_qs, urlsplit

import msgspec
import uvicorn
from starlette.types import ASGIApp, Message, Receive, Scope, Send

from headrace.connectors.contract import Access
from headrace.kit import clock
from headrace.kit.outbound import OutboundHttp, OutboundPolicy
from headrace.sandbox.app import create_app

NOW = datetime(2026, 11, 20, 12, 0, 0, tzinfo=UTC)
"""The moment at which the network begins; the clock goes on from here."""

_START_SECONDS = 10
_REDIRECT = "http://127.0.0.1/back"
_VERIFIER = "v" * 50


@dataclass
class Fault:
    """What happens to the next requests whose path ends with `path_end`."""

    path_end: str
    times: int
    status: int = 503
    headers: tuple[tuple[str, str], ...] = ()
    body: bytes = b"upstream connect error"
    cuts_body: bool = False


@dataclass
class AdsNetwork:
    """A running network; `requests` lists what was asked, as `METHOD path`."""

    base_url: str
    clock_shifts: ExitStack
    requests: list[str] = field(default_factory=list)
    faults: list[Fault] = field(default_factory=list)

    def access(self, access_token: str = "", **settings: object) -> Access:
        """Give what a connection to this network holds."""
        policy = OutboundPolicy(frozenset({"127.0.0.1"}))
        credentials = {"access_token": access_token} if access_token else {}
        return Access(credentials, settings, self.base_url, OutboundHttp(policy), policy)

    def answer_next(self, path_end: str, times: int, status: int, **more: object) -> None:
        """Answer the next requests of a path with a status, and a body if given."""
        self.faults.append(Fault(path_end, times, status, **more))  # type: ignore[arg-type]  # by name

    def cut_next(self, path_end: str, times: int) -> None:
        """End the next answers of a path in the middle."""
        self.faults.append(Fault(path_end, times, cuts_body=True))

    def let_pass(self, seconds: float) -> None:
        """Let time pass at the network."""
        self.clock_shifts.enter_context(clock.shifted(timedelta(seconds=seconds)))

    def set_clock(self, moment: datetime) -> None:
        """Make it a given moment."""
        self.let_pass((moment - clock.now()).total_seconds())

    def asked(self, text: str) -> int:
        """How many requests held a text."""
        return sum(text in request for request in self.requests)


def consented(network: AdsNetwork) -> dict[str, Any]:
    """Authorise as a person's browser would; returns the tokens."""
    http = network.access().http
    challenge = base64.urlsafe_b64encode(hashlib.sha256(_VERIFIER.encode()).digest())
    asked = {
        "client_id": "headrace-demo",
        "redirect_uri": _REDIRECT,
        "response_type": "code",
        "code_challenge": challenge.decode().rstrip("="),
        "decision": "allow",
    }
    back = http.request("POST", f"{network.base_url}/oauth/authorize", form=asked)
    code = parse_qs(urlsplit(back.headers["Location"]).query)["code"][0]
    form = {
        "grant_type": "authorization_code",
        "code": code,
        "redirect_uri": _REDIRECT,
        "code_verifier": _VERIFIER,
        "client_id": "headrace-demo",
        "client_secret": "demo-client-secret-known-to-everyone",
    }
    answer = http.request("POST", f"{network.base_url}/oauth/token", form=form)
    tokens: dict[str, Any] = msgspec.json.decode(answer.data)
    return {name: tokens[name] for name in ("access_token", "refresh_token")}


@contextmanager
def running_network() -> Iterator[AdsNetwork]:
    """Serve a network on a port of its own, with the clock at `NOW`."""
    with ExitStack() as shifts:
        network = AdsNetwork("", shifts)
        network.set_clock(NOW)
        app = _faulty(create_app(slow_seconds=0.01), network)
        with serving(app) as network.base_url:
            yield network


@contextmanager
def serving(app: ASGIApp) -> Iterator[str]:
    """Serve an application on a free port and give its address."""
    server = uvicorn.Server(uvicorn.Config(app, port=0, log_level="error", lifespan="off"))
    thread = threading.Thread(target=server.run, daemon=True)
    thread.start()
    deadline = time.monotonic() + _START_SECONDS
    while not server.started:
        assert thread.is_alive()
        assert time.monotonic() < deadline
        time.sleep(0.005)
    port = server.servers[0].sockets[0].getsockname()[1]
    yield f"http://127.0.0.1:{port}"
    server.should_exit = True
    thread.join(_START_SECONDS)


def _faulty(app: ASGIApp, network: AdsNetwork) -> ASGIApp:
    async def served(scope: Scope, receive: Receive, send: Send) -> None:
        network.requests.append(f"{scope['method']} {scope['path']}")
        fault = _due(network, scope["path"])
        if fault is None:
            await app(scope, receive, send)
        elif fault.cuts_body:
            await app(scope, receive, _cutting(send))
        else:
            headers = [(name.encode(), value.encode()) for name, value in fault.headers]
            start = {"type": "http.response.start", "status": fault.status, "headers": headers}
            await send(start)
            await send({"type": "http.response.body", "body": fault.body})

    return served


def _due(network: AdsNetwork, path: str) -> Fault | None:
    for fault in network.faults:
        if fault.times > 0 and path.endswith(fault.path_end):
            fault.times -= 1
            return fault
    return None


def _cutting(send: Send) -> Send:
    """Send the head as it is, half of the body, and then break the connection off."""

    async def cut(message: Message) -> None:
        if message["type"] != "http.response.body":
            await send(message)
            return
        half = message["body"][: len(message["body"]) // 2]
        await send({"type": "http.response.body", "body": half, "more_body": False})

    return cut


def demo_token(network: AdsNetwork) -> str:
    """Fetch a token of the demo grant."""
    http = network.access().http
    answer = http.request("POST", f"{network.base_url}/oauth/token", form={"grant_type": "demo"})
    return str(msgspec.json.decode(answer.data)["access_token"])
