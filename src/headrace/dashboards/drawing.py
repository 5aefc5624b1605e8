"""Drawing charts in a process of their own: bounded in time and size, without a network.

The library that draws runs JavaScript, which cannot be interrupted and takes some memory for good.
A process can be ended: when a picture takes too long, and when nobody has asked for one for a while.
"""

import json
import os
import re
import select
import subprocess
import sys
import time
from collections.abc import Mapping
from functools import cache
from threading import Lock, Timer
from typing import Any

from headrace.kit.told import told
from headrace.rest.errors import AppError

_MODULE = "headrace.dashboards.drawing_process"
_SECONDS = 15.0
_IDLE_SECONDS = 300.0
_MOST_SPEC_BYTES = 2 * 1024 * 1024
_MOST_PICTURE_BYTES = 16 * 1024 * 1024
_ENVIRONMENT = {"PATH", "LANG", "PYTHONPATH", "VIRTUAL_ENV"}
_OPENING = re.compile(r"<svg [^>]*>")
# Nothing of a chart needs these; text that holds such words has its brackets escaped.
_NOT_DRAWN = re.compile(r"<(script|foreignobject|iframe|image|use|style|a)\b", re.IGNORECASE)
_PATTERN = (
    '<defs><pattern id="hatch" width="7" height="7" patternUnits="userSpaceOnUse" '
    'patternTransform="rotate(45)"><path d="M0,0V7" stroke="{colour}" stroke-width="3" '
    'stroke-opacity="0.45"/></pattern></defs>'
)


class NotDrawn(AppError, status=503):
    """A picture could not be drawn in its time."""

    def __init__(self) -> None:
        super().__init__(
            told("The picture could not be drawn now; ask again, or for fewer days."),
            headers={"Retry-After": "5"},
        )


class Drawer:
    """Draws one chart after another; one a process. Its own process is started when it is needed."""

    def __init__(self, seconds: float = _SECONDS, idle_seconds: float = _IDLE_SECONDS) -> None:
        self._seconds = seconds
        self._idle_seconds = idle_seconds
        self._lock = Lock()
        self._process: subprocess.Popen[bytes] | None = None
        self._idle: Timer | None = None

    @property
    def process_id(self) -> int | None:
        """The id of the process that draws, if there is one."""
        return self._process.pid if self._process else None

    def wake(self) -> None:
        """Start the process, if it is not there, while something else is done."""
        with self._lock:
            self._started()

    def svg(self, spec: Mapping[str, Any], *, locale: str, hatch: str) -> str:
        """Draw a chart as SVG, without scripts and without style attributes.

        locale: of day and month names, such as `de-DE`. hatch: the colour of the hatched pattern.

        Raises:
            NotDrawn: if that fails or takes too long.
        """
        drawn = self._ask({"kind": "svg", "spec": spec, "locale": locale})
        opening = _OPENING.match(drawn)
        if opening is None or _NOT_DRAWN.search(drawn):
            raise NotDrawn
        at = opening.end()
        return drawn[:at] + _PATTERN.format(colour=hatch) + drawn[at:]

    def png(self, svg: str, *, scale: float) -> bytes:
        """Turn a drawn chart, whose colours are plain ones, into a PNG.

        Raises:
            NotDrawn: as `svg` does.
        """
        return bytes.fromhex(self._ask({"kind": "png", "svg": svg, "scale": scale}))

    def close(self) -> None:
        """End the process."""
        with self._lock:
            self._end()

    def _ask(self, request: Mapping[str, Any]) -> str:
        line = json.dumps(request).encode() + b"\n"
        if len(line) > _MOST_SPEC_BYTES:
            raise NotDrawn
        with self._lock:
            process = self._started()
            try:
                answer = _exchange(process, line, self._seconds)
            except (OSError, ValueError, TimeoutError) as error:
                self._end()
                raise NotDrawn from error
        if "drawn" not in answer:
            raise NotDrawn
        drawn: str = answer["drawn"]
        return drawn

    def _started(self) -> "subprocess.Popen[bytes]":
        if self._idle is not None:
            self._idle.cancel()
        self._idle = Timer(self._idle_seconds, self.close)
        self._idle.daemon = True
        self._idle.start()
        if self._process is None or self._process.poll() is not None:
            # The arguments are ours; what is drawn goes through the pipe.
            self._process = subprocess.Popen(  # noqa: S603
                [sys.executable, "-m", _MODULE],
                stdin=subprocess.PIPE,
                stdout=subprocess.PIPE,
                stderr=subprocess.DEVNULL,
                env={name: os.environ[name] for name in _ENVIRONMENT if name in os.environ},
            )
        return self._process

    def _end(self) -> None:
        if self._idle is not None:
            self._idle.cancel()
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()


@cache
def drawer() -> Drawer:
    """Return the one of this process. Its own process ends with ours: its input does."""
    return Drawer()


def _exchange(process: "subprocess.Popen[bytes]", line: bytes, seconds: float) -> dict[str, Any]:
    """Send a line and read one, in a time.

    Raises:
        OSError, ValueError, TimeoutError: if there is no good answer in time.
    """
    assert process.stdin is not None
    assert process.stdout is not None
    until = time.monotonic() + seconds
    process.stdin.write(line)
    process.stdin.flush()
    found = b""
    while not found.endswith(b"\n"):
        ready, _, _ = select.select([process.stdout], [], [], max(0.0, until - time.monotonic()))
        if not ready:
            raise TimeoutError("the picture took too long")
        part = os.read(process.stdout.fileno(), 1 << 16)
        if not part or len(found) > _MOST_PICTURE_BYTES:
            raise ValueError("the picture ended early, or is too large")
        found += part
    answer: dict[str, Any] = json.loads(found)
    return answer
