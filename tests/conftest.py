"""Fixtures every test may use: a real PostgreSQL and databases in it."""

import base64
import os
import secrets
import shutil
import tempfile
import uuid
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path

import psycopg
import pytest
from fastapi.testclient import TestClient
from sqlalchemy import Engine
from sqlalchemy.orm import Session, sessionmaker

from fakes.callers import AgencyFake, WorkspaceFake
from fakes.pipelines import PipelineFake, new_pipeline
from fakes.quick_hashes import hashing_quickly, hashing_slowly
from fakes.sessions import SavepointSession
from headrace.app import create_app
from headrace.db import embedded
from headrace.db.embedded import EmbeddedServer
from headrace.db.engine import make_engine, plain_dsn, session_maker, transaction
from headrace.db.migrating import migrate_at
from headrace.db.roles import SYSTEM
from headrace.kit import logs
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings, load_settings
from headrace.templates.service import publish_global

logs.configure("text", "warning")
pytest_plugins = ["fakes.platforms"]


def pytest_xdist_auto_num_workers() -> int:
    """Three workers for two processors: tests wait much, for databases, servers and browsers."""
    return (os.cpu_count() or 1) * 3 // 2 or 1


@pytest.fixture(scope="session", autouse=True)
def quick_passwords() -> Iterator[None]:
    """Passwords cost next to nothing in this process: nearly every test signs in."""
    with hashing_quickly():
        yield


@pytest.fixture
def slow_passwords() -> Iterator[None]:
    """Passwords cost what they cost at a server, for tests of that."""
    with hashing_slowly():
        yield


@pytest.fixture(scope="session")
def postgres_server() -> Iterator[EmbeddedServer]:
    """An embedded PostgreSQL of its own for the whole test session."""
    home = Path(tempfile.mkdtemp(prefix="headrace-test-"))
    home.chmod(0o755)  # the server runs as another user when the tests run as root
    server, _ = embedded.start(home)
    _trade_safety_for_speed(server)
    yield server
    embedded.stop(server)
    shutil.rmtree(home, ignore_errors=True)


def _trade_safety_for_speed(server: EmbeddedServer) -> None:
    """Let a server that no test pulls the plug of leave its files to the system's own pace."""
    with psycopg.connect(plain_dsn(server.url("postgres")), autocommit=True) as connection:
        for setting in ("fsync", "synchronous_commit", "full_page_writes"):
            connection.execute(f"ALTER SYSTEM SET {setting} = off")
        connection.execute("SELECT pg_reload_conf()")


@pytest.fixture(scope="session")
def make_database(postgres_server: EmbeddedServer) -> Callable[[], str]:
    """Create an empty database at each call and give its SQLAlchemy URL."""
    return lambda: postgres_server.make_database(f"t{os.getpid()}_{uuid.uuid4().hex[:12]}")


@pytest.fixture(scope="session")
def template_database(make_database: Callable[[], str]) -> str:
    """A database migrated to the newest version, with the global templates."""
    url = make_database()
    migrate_at(url)
    engine = make_engine(url, role=SYSTEM)
    with transaction(session_maker(engine)) as session:
        publish_global(session)
    engine.dispose()
    return url


@contextmanager
def _copy_of(server: EmbeddedServer, database_url: str) -> Iterator[str]:
    """Copy a database that nobody is connected to, for a block; gives the copy's URL."""
    name = f"t{os.getpid()}_{uuid.uuid4().hex[:12]}"
    template = database_url.rsplit("/", 1)[1]
    with psycopg.connect(plain_dsn(server.url("postgres")), autocommit=True) as connection:
        connection.execute(f"CREATE DATABASE {name} TEMPLATE {template} STRATEGY file_copy")
        yield server.url(name)
        connection.execute(f"DROP DATABASE {name} WITH (FORCE)")


@pytest.fixture
def committed_database(postgres_server: EmbeddedServer, template_database: str) -> Iterator[str]:
    """A migrated database of the test's own, for tests that commit or run several processes."""
    with _copy_of(postgres_server, template_database) as url:
        yield url


@pytest.fixture
def settings(tmp_path: Path) -> Settings:
    """Settings of a server whose every path is the test's own and that may reach this machine."""
    (tmp_path / "files").mkdir()
    (tmp_path / "imports").mkdir()
    return load_settings(
        home=tmp_path / "home",
        database_url="postgresql://unused",
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
        public_url="http://testserver",
        rate_limit_per_minute=1_000_000,  # counted, but in nobody's way
        rate_limit_burst=1_000_000,
        lake_url=str(tmp_path / "lake"),
        allowed_private_hosts=["127.0.0.1", "localhost"],
        local_files_root=tmp_path / "files",
        file_import_roots=[tmp_path / "imports"],
        isolate_reading=False,  # fakes live in this process; tests of readers say otherwise
    )


@pytest.fixture(scope="session")
def shared_engine(postgres_server: EmbeddedServer, template_database: str) -> Iterator[Engine]:
    """The engine of tests that roll back; of a copy, so that others can copy the template too."""
    with _copy_of(postgres_server, template_database) as url:
        engine = make_engine(url, role=SYSTEM)
        yield engine
        engine.dispose()


@pytest.fixture
def resources(settings: Settings, shared_engine: Engine) -> Iterator[Resources]:
    """A process's resources whose every transaction is rolled back when the test ends."""
    with shared_engine.connect() as connection, connection.begin() as outer:
        sessions = sessionmaker(
            connection,
            class_=SavepointSession,
            expire_on_commit=False,
            join_transaction_mode="create_savepoint",
        )
        opened = open_resources(settings, "postgresql://unused", threads=1)
        opened.engine.dispose()
        yield replace(opened, engine=shared_engine, sessions=sessions)
        outer.rollback()


@pytest.fixture
def session(resources: Resources) -> Iterator[Session]:
    """A session in the test's transaction."""
    with resources.sessions() as session:
        yield session


@pytest.fixture
def client(settings: Settings, resources: Resources) -> Iterator[TestClient]:
    """The web application, asked without a network."""
    with TestClient(create_app(settings, resources), raise_server_exceptions=False) as client:
        yield client


@pytest.fixture
def agency(resources: Resources, client: TestClient) -> AgencyFake:
    """An agency with a chief, acting through the API."""
    return AgencyFake.create(resources, client)


@pytest.fixture
def workspace(agency: AgencyFake) -> WorkspaceFake:
    """A workspace of the agency, acting with a token of the chief."""
    return agency.new_workspace()


@pytest.fixture
def other_workspace(resources: Resources, client: TestClient) -> WorkspaceFake:
    """A workspace of another agency: whatever it does must not show in `workspace`."""
    return AgencyFake.create(resources, client).new_workspace()


@pytest.fixture
def pipeline(workspace: WorkspaceFake, settings: Settings) -> PipelineFake:
    """One of everything in `workspace`, run once."""
    return new_pipeline(workspace, settings.file_import_roots[0])


@pytest.fixture
def other_pipeline(other_workspace: WorkspaceFake, settings: Settings) -> PipelineFake:
    """One of everything in the workspace of another agency."""
    return new_pipeline(other_workspace, settings.file_import_roots[0])
