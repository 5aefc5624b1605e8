"""Another PostgreSQL than ours: the system's own, of another major version.

As the server's database (migrations), as a source and as a destination (the shared suites).
"""

import os
import pwd
import secrets
import shutil
import socket
import subprocess
import tempfile
from collections.abc import Callable, Iterator
from pathlib import Path

import psycopg
import pytest
from sqlalchemy import text

from contract import test_connectors, test_loader_values, test_loaders
from contract.connector_cases import ConnectorCase
from contract.connector_cases import open_case_of as open_connector_case
from contract.loader_cases import LoaderCase
from contract.loader_cases import open_case_of as open_loader_case
from headrace.connectors.contract import Connector
from headrace.connectors.registry import connectors
from headrace.db.embedded import EmbeddedServer
from headrace.db.engine import make_engine, plain_dsn
from headrace.db.migrating import check_not_newer, migrate
from headrace.loaders.contract import Loader
from headrace.loaders.registry import loaders

pytestmark = pytest.mark.system

_OLDEST, _OURS = 15, 18

# The suites' tests run here once more, with the fixtures below in place of their own.
for _suite in (test_connectors, test_loaders, test_loader_values):
    globals().update(
        {name: item for name, item in vars(_suite).items() if name.startswith("test_")}
    )


def _programs() -> Path:
    found = [
        path.parent
        for path in Path("/usr/lib/postgresql").glob("*/bin/initdb")
        if path.parts[-3].isdigit() and _OLDEST <= int(path.parts[-3]) != _OURS
    ]
    if not found:
        pytest.fail(
            f"PostgreSQL's server programs, {_OLDEST} or newer and not {_OURS}, are not in "
            "/usr/lib/postgresql: install the system's package, on Debian: apt-get install postgresql"
        )
    return max(found, key=lambda path: int(path.parts[-2]))


def _as_nobody() -> dict[str, int]:
    """PostgreSQL does not run as root."""
    user = pwd.getpwnam("nobody")
    return {"user": user.pw_uid, "group": user.pw_gid} if os.geteuid() == 0 else {}


def _run(*command: str | Path) -> None:
    done = subprocess.run(
        command, stdin=subprocess.DEVNULL, capture_output=True, text=True, cwd="/", **_as_nobody()
    )
    assert done.returncode == 0, done.stdout + done.stderr


def _free_port() -> int:
    with socket.socket() as probe:
        probe.bind(("127.0.0.1", 0))
        return int(probe.getsockname()[1])


@pytest.fixture(scope="module")
def postgres_server() -> Iterator[EmbeddedServer]:
    """The system's PostgreSQL, in place of the embedded one."""
    programs = _programs()
    folder = Path(tempfile.mkdtemp(prefix="headrace-test-"))
    password = secrets.token_urlsafe(12)
    (folder / "password").write_text(password)
    for path in (folder, folder / "password"):
        shutil.chown(path, **({"user": "nobody"} if os.geteuid() == 0 else {"user": os.geteuid()}))
    server = EmbeddedServer(folder / "data", _free_port(), password)
    _run(
        programs / "initdb", "-D", server.data_dir, "-U", server.user, "--auth", "scram-sha-256",
        "--pwfile", folder / "password", "--encoding", "UTF8", "--locale", "C",
    )  # fmt: skip
    options = (
        f"-c listen_addresses=127.0.0.1 -c port={server.port} -c unix_socket_directories='' "
        "-c fsync=off -c full_page_writes=off"
    )
    control = (programs / "pg_ctl", "-D", server.data_dir, "-w")
    _run(*control, "-l", folder / "server.log", "-o", options, "start")
    yield server
    _run(*control, "-m", "fast", "stop")
    shutil.rmtree(folder, ignore_errors=True)


@pytest.fixture(scope="module")
def make_database(postgres_server: EmbeddedServer) -> Callable[[], str]:
    """Create an empty database at each call and give its SQLAlchemy URL."""
    return lambda: postgres_server.make_database(f"t_{secrets.token_hex(6)}")


@pytest.fixture
def connector() -> Connector:
    """The only connector the suite is about here."""
    return connectors()["postgres"]


@pytest.fixture
def loader() -> Loader:
    """The only loader the suites are about here."""
    return loaders()["postgre_sql"]


@pytest.fixture
def case(request: pytest.FixtureRequest, tmp_path: Path) -> Iterator[ConnectorCase | LoaderCase]:
    """The case of whichever suite asks."""
    if "connector" in request.fixturenames:
        with open_connector_case("postgres")(request, tmp_path) as source:
            yield source
    else:
        with open_loader_case("postgre_sql")(request, tmp_path) as destination:
            yield destination


def test_it_is_another_version(postgres_server: EmbeddedServer) -> None:
    dsn = plain_dsn(postgres_server.url("postgres"))
    with psycopg.connect(dsn) as connection:
        assert _OLDEST <= connection.info.server_version // 10000 != _OURS


def test_migrations_go_from_empty_to_the_newest_and_back(
    make_database: Callable[[], str],
) -> None:
    engine = make_engine(make_database())
    migrate(engine)
    assert check_not_newer(engine)
    migrate(engine, "base")
    with engine.connect() as connection:
        tables = connection.scalars(
            text("SELECT tablename FROM pg_tables WHERE schemaname IN ('public', 'procrastinate')")
        ).all()
    assert list(tables) == ["alembic_version"]
    migrate(engine)
    assert check_not_newer(engine)
    engine.dispose()
