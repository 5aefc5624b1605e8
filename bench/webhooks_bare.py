"""The reference of the benchmark of webhooks: aiohttp alone, sending bodies it has in memory.

python -m bench.webhooks_bare URL CERTIFICATE COUNT AT_ONCE BODY: prints deliveries a second.
"""

import asyncio
import ssl
import sys
import time

import aiohttp


async def main() -> None:
    """Send the same body so many times."""
    url, certificate, count, at_once, body = sys.argv[1:]
    context = ssl.create_default_context(cafile=certificate)
    pending = iter(range(int(count)))
    connector = aiohttp.TCPConnector(ssl=context, limit=0)
    headers = {
        "Content-Type": "application/json",
        "X-Improvado-Idempotency-Key": "0" * 32,
        "X-Improvado-Signature": "0" * 64,
        "webhook-id": "0" * 32,
        "webhook-timestamp": "1700000000",
        "webhook-signature": "v1," + "0" * 44,
        "X-Headrace-Attempt": "1",
    }
    async with aiohttp.ClientSession(connector=connector) as session:

        async def send() -> None:
            for _ in pending:
                async with session.post(url, data=body.encode(), headers=headers) as response:
                    assert response.status == 200
                    await response.read()

        began = time.perf_counter()
        await asyncio.gather(*(send() for _ in range(int(at_once))))
        print(int(count) / (time.perf_counter() - began))


if __name__ == "__main__":
    asyncio.run(main())
