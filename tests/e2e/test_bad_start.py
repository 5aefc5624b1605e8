"""Starts that cannot succeed: one clear message, an exit code, and no second try."""

import base64
import secrets
import socket
from collections.abc import Iterator
from pathlib import Path

import psycopg
import pytest

from fakes.server import environment_of, free_port, headrace
from headrace.db.engine import plain_dsn

_COMMANDS = ["up", "web", "worker"]


def _key() -> str:
    return base64.b64encode(secrets.token_bytes(32)).decode()


def _refusal(command: str, environment: dict[str, str]) -> str:
    """Start a command that has to refuse; return its one message."""
    done = headrace(command, environment=environment)
    assert done.returncode == 1, done.stderr
    assert "Traceback" not in done.stderr
    assert "restarted" not in done.stderr
    assert done.stderr.count("Error: ") == 1, done.stderr
    return done.stderr.split("Error: ")[1]


@pytest.mark.parametrize("command", _COMMANDS)
def test_bad_settings_are_named_all_at_once(command: str, tmp_path: Path) -> None:
    environment = environment_of(tmp_path, port="none", base_urls="nonsense")
    refusal = _refusal(command, environment)
    assert "HEADRACE_PORT: " in refusal
    assert "HEADRACE_BASE_URLS: not a JSON object" in refusal


@pytest.mark.parametrize("command", ["up", "worker"])
def test_an_external_database_needs_a_key(command: str, tmp_path: Path) -> None:
    url = "postgresql://nobody:a-password@127.0.0.1:1/headrace"
    refusal = _refusal(command, environment_of(tmp_path, database_url=url))
    assert "HEADRACE_SECRET_KEY is required" in refusal
    assert "a-password" not in refusal


@pytest.mark.parametrize("command", ["up", "web"])
def test_a_database_of_a_newer_release_is_left_alone(
    command: str, tmp_path: Path, committed_database: str
) -> None:
    with psycopg.connect(plain_dsn(committed_database), autocommit=True) as connection:
        connection.execute("UPDATE alembic_version SET version_num = '9999'")
    environment = environment_of(
        tmp_path, database_url=committed_database, secret_key=_key(), port=free_port()
    )
    refusal = _refusal(command, environment)
    assert "version 9999" in refusal
    assert "Run the newer release" in refusal


@pytest.fixture
def port_in_use() -> Iterator[int]:
    with socket.create_server(("127.0.0.1", 0)) as listener:
        port: int = listener.getsockname()[1]
        yield port


@pytest.mark.parametrize("command", ["up", "web"])
def test_a_port_in_use_is_named(
    command: str, tmp_path: Path, committed_database: str, port_in_use: int
) -> None:
    environment = environment_of(
        tmp_path, database_url=committed_database, secret_key=_key(), port=port_in_use
    )
    refusal = _refusal(command, environment)
    assert f"127.0.0.1:{port_in_use}" in refusal
    assert "HEADRACE_PORT" in refusal


def test_a_database_that_does_not_answer_is_told(tmp_path: Path) -> None:
    url = "postgresql://nobody:a-password@127.0.0.1:1/headrace"
    environment = environment_of(tmp_path, database_url=url, secret_key=_key())
    refusal = _refusal("worker", environment)
    assert "The database does not answer" in refusal
    assert "a-password" not in refusal
