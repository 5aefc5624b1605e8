"""A TCP proxy that cuts, delays, slices and refuses: bad lines between processes that are well."""

import asyncio
import threading
from collections.abc import Coroutine, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from typing import Any

_CHUNK = 65_536


@dataclass
class BadLine:
    """A line from a port of its own to another port of this machine.

    delay_seconds: before each piece that passes. piece_bytes: the most that passes at once.
    is_down: whether nobody is let in.
    """

    target_port: int
    port: int = 0
    delay_seconds: float = 0.0
    piece_bytes: int = _CHUNK
    is_down: bool = False
    _writers: set[asyncio.StreamWriter] = field(default_factory=set)
    _loop: asyncio.AbstractEventLoop = field(default_factory=asyncio.new_event_loop)

    def start(self) -> None:
        """Begin to listen."""
        threading.Thread(target=self._loop.run_forever, daemon=True).start()
        self._do(self._listen())

    def cut(self) -> None:
        """End every connection, in the middle of whatever it carries."""
        self._do(self._end_all())

    def heal(self) -> None:
        """Be a good line again."""
        self.delay_seconds, self.piece_bytes, self.is_down = 0.0, _CHUNK, False

    def stop(self) -> None:
        """Listen no more, and end every connection."""
        self.is_down = True
        self.cut()
        self._loop.call_soon_threadsafe(self._loop.stop)

    def _do(self, work: Coroutine[Any, Any, None]) -> None:
        asyncio.run_coroutine_threadsafe(work, self._loop).result()

    async def _listen(self) -> None:
        server = await asyncio.start_server(self._serve, "127.0.0.1", self.port)
        self.port = server.sockets[0].getsockname()[1]

    async def _end_all(self) -> None:
        for writer in list(self._writers):
            writer.transport.abort()

    async def _serve(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        if self.is_down:
            writer.transport.abort()
            return
        try:
            far_reader, far_writer = await asyncio.open_connection("127.0.0.1", self.target_port)
        except OSError:
            writer.transport.abort()
            return
        both = {writer, far_writer}
        self._writers |= both
        ways = [
            asyncio.create_task(self._pass_on(reader, far_writer)),
            asyncio.create_task(self._pass_on(far_reader, writer)),
        ]
        await asyncio.wait(ways)
        self._writers -= both

    async def _pass_on(self, reader: asyncio.StreamReader, writer: asyncio.StreamWriter) -> None:
        with suppress(OSError):
            while piece := await reader.read(self.piece_bytes):
                if self.delay_seconds:
                    await asyncio.sleep(self.delay_seconds)
                writer.write(piece)
                await writer.drain()
        with suppress(OSError):
            writer.close()


@contextmanager
def bad_line(target_port: int) -> Iterator[BadLine]:
    """A line to a port of this machine for a block; good until told otherwise."""
    line = BadLine(target_port)
    line.start()
    try:
        yield line
    finally:
        line.stop()
