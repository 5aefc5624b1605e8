"""The limit that `bench.listing` compares with: the same statements, with nothing around them.

    python bench/listing_bare.py STATEMENTS.json PORT

STATEMENTS holds what our own server sent for one request: the URL of the database, and each
statement with its parameters. They go through a pool of psycopg's in one transaction; what the last
one returns is put into the page with msgspec. The token's digest is made of the request, as ours is.
"""

import hashlib
import json
import sys
from pathlib import Path
from typing import Any
from urllib.parse import parse_qs

import msgspec
import uvicorn
from psycopg_pool import AsyncConnectionPool

_POOL = 10


class Bare:
    """The whole server."""

    def __init__(self, given: dict[str, Any]) -> None:
        self.given = given
        self.pool: AsyncConnectionPool[Any] | None = None

    async def __call__(self, scope: Any, receive: Any, send: Any) -> None:
        """Answer one request for a page."""
        if scope["type"] != "http":
            await self._live(receive, send)
            return
        headers = dict(scope["headers"])
        token = headers[b"authorization"].decode().partition(" ")[2]
        query = parse_qs(scope["query_string"].decode())
        number, size = int(query.get("page", ["1"])[0]), int(query["page_size"][0])
        count, results = await self._page(hashlib.sha256(token.encode()).hexdigest())
        path = scope["path"]
        more, before = number * size < count, number > 1
        link = "http://127.0.0.1" + path + "?page_size=" + str(size) + "&page="
        body = msgspec.json.encode(
            {
                "count": count,
                "next": link + str(number + 1) if more else None,
                "previous": link + str(number - 1) if before else None,
                "results": msgspec.Raw(results.encode()),
            }
        )
        answered = [
            (b"content-type", b"application/json; charset=utf-8"),
            (b"content-length", str(len(body)).encode()),
        ]
        await send({"type": "http.response.start", "status": 200, "headers": answered})
        await send({"type": "http.response.body", "body": body})

    async def _page(self, digest: str) -> tuple[int, str]:
        assert self.pool is not None
        async with self.pool.connection() as connection, connection.cursor() as cursor:
            for text, params in self.given["statements"]:
                given = {
                    name: digest if value == "DIGEST" else value for name, value in params.items()
                }
                await cursor.execute(text, given)
            row = await cursor.fetchone()
            assert row is not None
            return row[0], row[1]

    async def _live(self, receive: Any, send: Any) -> None:
        while True:
            message = await receive()
            if message["type"] == "lifespan.startup":
                self.pool = AsyncConnectionPool(
                    self.given["dsn"], min_size=_POOL, max_size=_POOL, open=False
                )
                await self.pool.open(wait=True)
            elif self.pool is not None:
                await self.pool.close()
            await send({"type": message["type"] + ".complete"})
            if message["type"] == "lifespan.shutdown":
                return


if __name__ == "__main__":
    told, port = sys.argv[1:]
    app = Bare(json.loads(Path(told).read_text()))
    uvicorn.run(app, host="127.0.0.1", port=int(port), access_log=False, log_config=None)
