"""Bodies that never end arriving are given up; answers that take long are not."""

import asyncio
from typing import Any

import pytest
from starlette.exceptions import HTTPException

from headrace.rest import body_limit
from headrace.rest.body_limit import BodyLimit


class DrippingClient:
    """Sends some pieces of a body, then nothing more; or, if it is whole, only that it left."""

    def __init__(self, *pieces: dict[str, Any]) -> None:
        self.pieces = [{"type": "http.request", **piece} for piece in pieces]
        self.left = asyncio.Event()

    async def __call__(self) -> dict[str, Any]:
        if self.pieces:
            return self.pieces.pop(0)
        await self.left.wait()
        return {"type": "http.disconnect"}


async def _read(client: DrippingClient, times: int) -> list[Any]:
    found: list[Any] = []

    async def app(_: Any, receive: Any, __: Any) -> None:
        found.extend([await receive() for _ in range(times)])

    async def send(_: Any) -> None:
        raise AssertionError("nothing is answered here")

    scope = {"type": "http", "headers": []}
    await BodyLimit(app)(scope, client, send)
    return found


def test_a_body_that_drips_is_given_up(monkeypatch: pytest.MonkeyPatch) -> None:  # S89
    monkeypatch.setattr(body_limit, "MAX_BODY_SECONDS", 0.01)

    async def ask() -> None:
        await _read(DrippingClient({"body": b"{", "more_body": True}), 2)

    with pytest.raises(HTTPException) as caught:
        asyncio.run(ask())
    assert caught.value.status_code == 408
    assert caught.value.headers == {"Connection": "close"}


def test_a_whole_body_is_not_hurried(monkeypatch: pytest.MonkeyPatch) -> None:

    async def ask() -> list[Any]:
        client = DrippingClient({"body": b"{}", "more_body": False})
        asyncio.get_running_loop().call_later(0.02, client.left.set)
        monkeypatch.setattr(body_limit, "MAX_BODY_SECONDS", 0.005)
        return await _read(client, 2)

    found = asyncio.run(ask())
    assert [message["type"] for message in found] == ["http.request", "http.disconnect"]
