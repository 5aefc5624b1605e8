"""The house that the storm shakes: processes, databases, bad lines, network, receiver, one disk."""

import base64
import os
import secrets
import subprocess
import threading
from collections.abc import Iterator
from contextlib import ExitStack, contextmanager
from dataclasses import dataclass, field
from pathlib import Path
from urllib.parse import urlsplit

from chaos.databases import Databases, databases
from chaos.proxy import BadLine, bad_line
from chaos.weather import Weather, weather
from fakes.certificates import Authority
from fakes.receiver import Receiver, receiving
from fakes.server import Server

CHIEF = "chief@example.com"
_SMALL_DISK_MB = 48


@dataclass
class House:
    """All that stands, and how to reach it.

    webs, workers: the servers' processes by name. to_database, to_network, to_warehouse: the lines
    that can go bad. disk: the small file system the lake is on, None where none may be mounted.
    """

    home: Path
    databases: Databases
    network: Weather
    receiver: Receiver
    to_database: BadLine
    to_network: BadLine
    to_warehouse: BadLine
    lake: Path
    files: Path
    disk: Path | None
    webs: dict[str, Server] = field(default_factory=dict)
    workers: dict[str, Server] = field(default_factory=dict)
    turn: threading.RLock = field(default_factory=threading.RLock)

    @property
    def servers(self) -> dict[str, Server]:
        """Every process by name."""
        return self.webs | self.workers

    @property
    def lines(self) -> list[BadLine]:
        """Every line that can go bad."""
        return [self.to_database, self.to_network, self.to_warehouse]

    def start(self, name: str) -> None:
        """Start a process unless it runs."""
        server = self.servers[name]
        with self.turn:
            if name in server.running and server.running[name].poll() is None:
                return
            server.start("web" if name in self.webs else "worker", name)

    def signal(self, name: str, number: int) -> None:
        """Send a process a signal."""
        with self.turn:
            if name in self.servers[name].running:
                self.servers[name].running[name].send_signal(number)

    def end(self, name: str, number: int) -> None:
        """End a process by a signal; it stays away until it is started."""
        with self.turn:
            process = self.servers[name].running.pop(name, None)
        if process is not None:
            process.send_signal(number)
            process.wait()

    def revive(self) -> None:
        """Start what ended by itself, as a supervisor does: some refuse without a database."""
        with self.turn:
            for name, server in self.servers.items():
                if name in server.running and server.running[name].poll() is not None:
                    self.start(name)


@contextmanager
def house(home: Path, database_url: str, webs: int = 2, workers: int = 2) -> Iterator[House]:
    """Build and start everything, for a block."""
    with ExitStack() as stack:
        base = stack.enter_context(databases(home, database_url))
        network = stack.enter_context(weather())
        authority = Authority(home)
        receiver = stack.enter_context(receiving(authority.server("127.0.0.1")))
        lines = [
            stack.enter_context(bad_line(port))
            for port in (base.port, urlsplit(network.base_url).port or 0, base.port)
        ]
        disk = stack.enter_context(_small_disk(home / "disk"))
        lake, files = home / "disk" / "lake", home / "files"
        built = House(home, base, network, receiver, *lines, lake, files, disk)
        _furnish(built, authority, webs, workers)
        stack.callback(_close, built)
        for name in built.servers:
            built.start(name)
        for server in built.webs.values():
            server.wait_until_it_answers()
        next(iter(built.webs.values())).sign_up(CHIEF)
        yield built


def _furnish(built: House, authority: Authority, webs: int, workers: int) -> None:
    shared = {
        "secret_key": base64.b64encode(secrets.token_bytes(32)).decode(),
        "lake_url": built.lake,
        "local_files_root": built.files,
        "base_urls": f'{{"demo_ads": "http://127.0.0.1:{built.to_network.port}"}}',
        "ca_bundle": authority.bundle,
        "segment_grace_minutes": 5,
        "webhook_timeout_seconds": 2,
        "recipe_memory_mb": 128,
    }
    built.files.mkdir()
    url = built.databases.own_through(built.to_database.port)
    for kind, count, into in (("web", webs, built.webs), ("worker", workers, built.workers)):
        for number in range(1, count + 1):
            name = f"{kind}{number}"
            into[name] = Server.at(built.home / name, url, **shared)


def _close(built: House) -> None:
    """End what runs: by now nothing is left to be finished."""
    for server in built.servers.values():
        for process in server.running.values():
            process.kill()
            process.wait()
        server.running.clear()


@contextmanager
def _small_disk(folder: Path) -> Iterator[Path | None]:
    """Mount a small file system at a folder; None, and a plain folder, where that is not allowed."""
    folder.mkdir()
    options = f"size={_SMALL_DISK_MB}m,mode=0700"
    command = ["mount", "-t", "tmpfs", "-o", options, "tmpfs", str(folder)]
    if os.geteuid() != 0 or subprocess.run(command, capture_output=True, check=False).returncode:
        yield None
        return
    try:
        yield folder
    finally:
        subprocess.run(["umount", "--lazy", str(folder)], check=False)
