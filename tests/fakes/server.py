"""A Headrace server in processes of its own, which can be killed and started again."""

import os
import resource
import signal
import socket
import subprocess
import sys
import time
from collections.abc import Callable, Mapping
from contextlib import suppress
from dataclasses import dataclass, field
from pathlib import Path
from typing import Any, TypeVar

import httpx
import psycopg

from fakes.api_callers import PASSWORD, RemoteWorkspace, enter_workspace
from headrace.db.engine import plain_dsn
from headrace.settings import PREFIX

Found = TypeVar("Found")
Row = tuple[Any, ...]

PATIENCE_SECONDS = 180.0
"""How long anything is waited for before a test gives up; far longer than anything takes."""

_WORKER_TIMEOUT_SECONDS = 5  # the least the setting allows: dead workers are noticed soon
_COMMAND = [sys.executable, "-m", "headrace.cli"]


def eventually(look: Callable[[], Found | None], what: str) -> Found:
    """Look again and again until there is something to see; return it."""
    deadline = time.monotonic() + PATIENCE_SECONDS
    while not (found := look()):
        assert time.monotonic() < deadline, f"waited in vain until {what}"
        time.sleep(0.02)
    return found


def free_port() -> int:
    """Return a port nobody listens on."""
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def environment_of(home: Path, **settings: object) -> dict[str, str]:
    """The environment of a server at a home folder: none of this process's own settings."""
    kept = {name: value for name, value in os.environ.items() if not name.startswith(PREFIX)}
    chosen = {
        "home": home,
        "allowed_private_hosts": "127.0.0.1",
        "local_files_root": home / "files",
        "worker_timeout_seconds": _WORKER_TIMEOUT_SECONDS,
        "log_format": "json",
        "schedule_spread_seconds": 0,  # what is due is waited for
        "rate_limit_per_minute": 1_000_000,  # tests ask again and again
        "rate_limit_burst": 1_000_000,
        **settings,
    }
    return kept | {PREFIX + name.upper(): str(value) for name, value in chosen.items()}


def headrace(
    *arguments: str, environment: Mapping[str, str], given: str = ""
) -> subprocess.CompletedProcess[str]:
    """Run one command to its end."""
    return subprocess.run(
        [*_COMMAND, *arguments],
        input=given,
        text=True,
        capture_output=True,
        env=dict(environment),
        check=False,
        timeout=PATIENCE_SECONDS,
    )


@dataclass
class Server:
    """A server with a folder, a port and settings of its own.

    database_url: of the database that its processes work with.
    """

    home: Path
    environment: dict[str, str]
    database_url: str
    running: dict[str, subprocess.Popen[bytes]] = field(default_factory=dict)
    _log_starts: dict[str, int] = field(default_factory=dict)  # bytes, by name of process

    @classmethod
    def at(cls, home: Path, database_url: str = "", **settings: object) -> "Server":
        """Prepare a server at a folder; with no database URL it has the embedded one."""
        (home / "files").mkdir(parents=True, exist_ok=True)
        port = free_port()
        own = {"database_url": database_url} if database_url else {}
        environment = environment_of(home, port=port, **own, **settings)
        return cls(home, environment, database_url)

    @property
    def port(self) -> int:
        return int(self.environment[f"{PREFIX}PORT"])

    @property
    def base_url(self) -> str:
        return f"http://127.0.0.1:{self.port}"

    @property
    def files(self) -> Path:
        """The folder of local_files and duckdb destinations."""
        return self.home / "files"

    # Processes. Names are of one's own choice; logs go to HOME/<name>.log.

    def start(self, command: str, name: str = "", file_size_limit: int | None = None) -> None:
        """Start `web`, `worker` or `up`; it is not waited for.

        file_size_limit: bytes that no file written by the process may exceed: a full disk.
        """
        name = name or command
        with (self.home / f"{name}.log").open("ab") as output:
            self._log_starts[name] = output.tell()
            self.running[name] = subprocess.Popen(
                [*_COMMAND, command],
                stdin=subprocess.DEVNULL,
                stdout=output,
                stderr=output,
                env=self.environment,
                preexec_fn=lambda: _limit_files(file_size_limit),
            )

    def wait_until_it_answers(self) -> None:
        """Wait for the web server."""
        eventually(self.answers, "the server answers")

    def answers(self) -> bool:
        """Whether the web server answers."""
        with suppress(httpx.HTTPError):
            return httpx.get(f"{self.base_url}/readyz").status_code == httpx.codes.OK
        return False

    def kill(self, name: str) -> None:
        """End a process without a warning (SIGKILL)."""
        process = self.running.pop(name)
        process.kill()
        process.wait()

    def stop(self, name: str) -> int:
        """Ask a process to end (SIGTERM) and return its exit code."""
        process = self.running.pop(name)
        process.send_signal(signal.SIGTERM)
        return process.wait(PATIENCE_SECONDS)

    def kill_worker(self, name: str = "worker") -> None:
        """End a worker without a warning."""
        self.kill(name)

    def restart_worker(self, name: str = "worker", file_size_limit: int | None = None) -> None:
        """Start a worker in the place of one that ended, or is ended now."""
        if name in self.running:
            self.stop(name)
        self.start("worker", name, file_size_limit)

    def stop_everything(self) -> None:
        """End what still runs: workers in peace, at the same time."""
        for process in self.running.values():
            process.send_signal(signal.SIGTERM)
        for process in self.running.values():
            process.wait(PATIENCE_SECONDS)
        self.running.clear()

    def log(self, name: str) -> str:
        """What a process has said since it was last started."""
        said = (self.home / f"{name}.log").read_bytes()
        return said[self._log_starts[name] :].decode(errors="replace")

    # What it holds.

    def query(self, statement: str, *values: Any) -> list[Row]:
        """Ask, or change, the server's own database."""
        with psycopg.connect(plain_dsn(self.database_url), autocommit=True) as connection:
            cursor = connection.execute(statement, values)
            return cursor.fetchall() if cursor.description else []

    def sign_up(self, username: str) -> None:
        """Make an agency by the command line."""
        done = headrace(
            "agency", "create", "--title", username, "--username", username, "--password-stdin",
            environment=self.environment, given=PASSWORD,
        )  # fmt: skip
        assert done.returncode == 0, done.stderr

    def new_workspace(self, username: str) -> RemoteWorkspace:
        """Make a workspace of an agency, and enter it."""
        return enter_workspace(self.base_url, username)


def _limit_files(file_size_limit: int | None) -> None:
    if file_size_limit is not None:
        resource.setrlimit(resource.RLIMIT_FSIZE, (file_size_limit, file_size_limit))
