"""`headrace up`: the web server and the workers as child processes, restarted when they die."""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Callable
from dataclasses import dataclass, field

import structlog

log = structlog.get_logger(__name__)

_GRACE_SECONDS = 35.0
_LONGEST_PAUSE_SECONDS = 30.0
_STEADY_SECONDS = 60.0
CANNOT_START = 78
"""Exit code of a child that must not be restarted, since starting again changes nothing."""


class ChildRefused(Exception):
    """A child cannot start, and has said why on standard error."""


@dataclass
class _Child:
    """One child: the command it runs, and how often it died young."""

    name: str
    arguments: list[str]
    process: subprocess.Popen[bytes] | None = None
    started_at: float = 0.0
    restart_at: float = 0.0
    early_deaths: int = field(default=0)

    def start(self) -> None:
        command = [sys.executable, "-m", "headrace.cli", *self.arguments, "--supervised"]
        # The pipe closes when we die, however we die; the child then ends too.
        self.process = subprocess.Popen(command, stdin=subprocess.PIPE)  # noqa: S603 - our own
        self.started_at = time.monotonic()

    def watch(self) -> None:
        """Restart it if it died; ever more slowly if it keeps dying young.

        Raises:
            ChildRefused: if it says that it cannot start.
        """
        now = time.monotonic()
        if self.process is not None:
            code = self.process.poll()
            if code is None:
                return
            if code == CANNOT_START:
                raise ChildRefused
            young = now - self.started_at < _STEADY_SECONDS
            self.early_deaths = self.early_deaths + 1 if young else 0
            pause = min(_LONGEST_PAUSE_SECONDS, 0.5 * 2**self.early_deaths)
            log.error("process died; it is restarted", name=self.name, code=code, seconds=pause)
            self.process = None
            self.restart_at = now + pause
        if now >= self.restart_at:
            self.start()


def supervise(commands: dict[str, list[str]], ready: Callable[[], None]) -> None:
    """Run `headrace` commands as children until SIGTERM or SIGINT; then end them in peace.

    commands: the arguments of each, by name. ready: called once all are started.

    Raises:
        ChildRefused: if one of them cannot start; the others are ended.
    """
    stop = threading.Event()
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: stop.set())
    children = [_Child(name, arguments) for name, arguments in commands.items()]
    for child in children:
        child.start()
    ready()
    try:
        while not stop.wait(0.2):
            for child in children:
                child.watch()
    finally:
        _end(children)


def _end(children: list[_Child]) -> None:
    processes = [child.process for child in children if child.process is not None]
    for process in processes:
        process.terminate()
    deadline = time.monotonic() + _GRACE_SECONDS
    for process in processes:
        try:
            process.wait(max(0.0, deadline - time.monotonic()))
        except subprocess.TimeoutExpired:
            process.kill()


def end_with_parent() -> None:
    """In a child: end in peace when the supervisor is gone, which closes our standard input."""

    def wait() -> None:
        # Unbuffered: a thread inside a buffered read would hold its lock when the process ends.
        os.read(sys.stdin.fileno(), 1)
        os.kill(os.getpid(), signal.SIGTERM)

    threading.Thread(target=wait, daemon=True).start()


def leave_at_once() -> None:
    """End this process without waiting for its threads, as one that ends in peace would."""
    sys.stdout.flush()
    sys.stderr.flush()
    os._exit(0)
