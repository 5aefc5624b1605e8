"""The embedded PostgreSQL: started once, closed without its password, keeps its data."""

import os
import socket
import stat
import subprocess
import tempfile
import time
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from pathlib import Path

import psycopg
import pytest

from headrace.db import embedded
from headrace.db.embedded import EmbeddedDatabaseError, EmbeddedServer
from headrace.db.engine import plain_dsn


@pytest.fixture(scope="module")
def home() -> Iterator[Path]:
    """A home folder whose server is stopped at the end, whatever a test left."""
    with tempfile.TemporaryDirectory(prefix="headrace-test-", ignore_cleanup_errors=True) as name:
        folder = Path(name)
        folder.chmod(0o755)  # the server runs as another user when the tests run as root
        yield folder
        server, _ = embedded.start(folder)
        embedded.stop(server)


def _ask(server: EmbeddedServer, question: str) -> object:
    with psycopg.connect(plain_dsn(server.url()), autocommit=True) as connection:
        row = connection.execute(question.encode()).fetchone()
        return row[0] if row else None


def _listens(port: int) -> bool:
    with socket.socket() as probe:
        return probe.connect_ex(("127.0.0.1", port)) == 0


def _execute(server: EmbeddedServer, statement: str) -> None:
    with psycopg.connect(plain_dsn(server.url()), autocommit=True) as connection:
        connection.execute(statement.encode())


def test_several_that_start_it_at_once_share_one(home: Path) -> None:
    with ThreadPoolExecutor(3) as starters:
        found = list(starters.map(lambda _: embedded.start(home), range(3)))
    assert sorted(started for _, started in found) == [False, False, True]
    assert len({server.port for server, _ in found}) == 1
    assert _ask(found[0][0], "SHOW server_version_num").startswith("18")  # type: ignore[attr-defined]


@pytest.mark.parametrize(
    ("user", "password"), [("headrace", None), ("headrace", "wrong"), ("postgres", None)]
)
def test_it_is_closed_without_its_password(home: Path, user: str, password: str | None) -> None:
    server, _ = embedded.start(home)
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(
            host=server.host, port=server.port, user=user, password=password, dbname="headrace"
        )


def test_it_listens_on_this_machine_alone_and_on_no_socket_file(home: Path) -> None:
    server, _ = embedded.start(home)
    assert _ask(server, "SHOW listen_addresses") == "127.0.0.1"
    assert _ask(server, "SHOW unix_socket_directories") == ""
    assert _ask(server, "SHOW timezone") == "UTC"
    rules = _ask(server, "SELECT string_agg(DISTINCT auth_method, ',') FROM pg_hba_file_rules")
    assert rules == "scram-sha-256"


def test_its_password_and_data_are_for_its_user_alone(home: Path) -> None:
    server, _ = embedded.start(home)
    folder = server.data_dir.parent
    assert stat.S_IMODE((folder / "password").stat().st_mode) == 0o600
    assert stat.S_IMODE(server.data_dir.stat().st_mode) == 0o700
    assert server.password not in (folder / "server.log").read_text()


def test_it_keeps_its_data_over_a_restart(home: Path) -> None:
    server, _ = embedded.start(home)
    _execute(server, "CREATE TABLE kept AS SELECT 42 AS number")
    embedded.stop(server)
    with embedded.running(home) as again:
        assert again.password == server.password
        assert _ask(again, "SELECT number FROM kept") == 42
    with pytest.raises(psycopg.OperationalError):
        psycopg.connect(plain_dsn(again.url()))  # stopped by who started it


def test_who_joined_it_leaves_it_running(home: Path) -> None:
    embedded.start(home)
    with embedded.running(home) as joined:
        pass
    assert _ask(joined, "SELECT 1") == 1


def test_a_killed_server_starts_again(home: Path) -> None:  # F39
    server, _ = embedded.start(home)
    _execute(server, "CREATE TABLE survived AS SELECT 7 AS number")
    pid = int((server.data_dir / "postmaster.pid").read_text().splitlines()[0])
    os.kill(pid, 9)
    while _listens(server.port):  # the kill takes a moment
        time.sleep(0.01)
    again, started = embedded.start(home)
    assert started
    assert _ask(again, "SELECT number FROM survived") == 7


def test_a_pid_file_of_another_program_does_not_fool_it(home: Path) -> None:
    server, _ = embedded.start(home)
    pid_file = server.data_dir / "postmaster.pid"
    lines = pid_file.read_text().splitlines()
    embedded.stop(server)
    # After a reboot the number may be any program's, and nobody listens on the port.
    sleeper = subprocess.Popen(["sleep", "60"])
    try:
        pid_file.write_text("\n".join([str(sleeper.pid), *lines[1:]]) + "\n")
        again, started = embedded.start(home)
    finally:
        sleeper.kill()
        sleeper.wait()
    assert started
    assert _ask(again, "SELECT 1") == 1


def test_databases_are_made_once(home: Path) -> None:
    server, _ = embedded.start(home)
    assert server.make_database("second") == server.make_database("second")


def test_a_damaged_home_is_explained(home: Path, tmp_path: Path) -> None:
    tmp_path.chmod(0o755)
    server, _ = embedded.start(home)
    broken = tmp_path / "home"
    with embedded.running(broken) as fresh:
        configuration = fresh.data_dir / "postgresql.conf"
    configuration.write_text("no such setting = 1\n")
    with pytest.raises(EmbeddedDatabaseError, match=r"server\.log"):
        embedded.start(broken)
    assert _ask(server, "SELECT 1") == 1
