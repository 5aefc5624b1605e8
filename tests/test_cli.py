"""The command line, as a process: what it prints where, and how it ends."""

import base64
import json
import os
import re
import secrets
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from headrace import __version__
from headrace.access.passwords import verify
from headrace.db.engine import plain_dsn
from headrace.doctor import described_settings


class CommandLine:
    """`headrace` with an environment of its own."""

    def __init__(self, home: Path, **settings: str) -> None:
        kept = {key: value for key, value in os.environ.items() if not key.startswith("HEADRACE_")}
        ours = {f"HEADRACE_{name.upper()}": value for name, value in settings.items()}
        self.environment = kept | {"HEADRACE_HOME": str(home), "COLUMNS": "200"} | ours

    def __call__(self, *arguments: str, typed: str = "") -> subprocess.CompletedProcess[str]:
        return subprocess.run(
            [sys.executable, "-m", "headrace.cli", *arguments],
            env=self.environment,
            input=typed,
            capture_output=True,
            text=True,
            timeout=120,
            check=False,
        )

    def good(self, *arguments: str, typed: str = "") -> str:
        """Run a command that must succeed and give what it printed."""
        done = self(*arguments, typed=typed)
        assert done.returncode == 0, done.stderr
        return done.stdout

    def refused(self, *arguments: str, typed: str = "") -> str:
        """Run a command that must fail and give its one message."""
        done = self(*arguments, typed=typed)
        assert done.returncode != 0
        assert "Traceback" not in done.stderr
        assert done.stdout == ""
        return " ".join(done.stderr.split())


@pytest.fixture
def headrace(committed_database: str, tmp_path: Path) -> CommandLine:
    """A command line on a migrated database of the test's own."""
    return CommandLine(
        tmp_path,
        database_url=plain_url(committed_database),
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
    )


def plain_url(url: str) -> str:
    return url.replace("+psycopg", "")


@pytest.fixture
def database(committed_database: str) -> Iterator[psycopg.Connection[Any]]:
    """A look into the same database."""
    with psycopg.connect(plain_dsn(committed_database), autocommit=True) as connection:
        yield connection


def test_version_and_help(tmp_path: Path) -> None:
    headrace = CommandLine(tmp_path)
    assert headrace.good("--version").strip() == __version__
    listed = headrace.good("--help")
    for command in (
        "up",
        "web",
        "worker",
        "migrate",
        "demo",
        "doctor",
        "openapi",
        "agency",
        "user",
    ):
        assert re.search(rf"\b{command}\b", listed)


def test_the_document_needs_no_database(tmp_path: Path) -> None:
    document = json.loads(CommandLine(tmp_path).good("openapi"))
    assert document["openapi"].startswith("3.1")
    assert "/api/v3/token" in document["paths"]
    assert list(tmp_path.iterdir()) == []


def test_an_agency_gets_a_password_that_is_shown_once(
    headrace: CommandLine, database: psycopg.Connection[Any]
) -> None:
    done = headrace("agency", "create", "--title", "Acme", "--username", "chief@acme.test")
    assert done.returncode == 0, done.stderr
    password = re.search(r"^password: (\S+)$", done.stdout, re.MULTILINE)
    assert password
    assert len(password[1]) >= 20
    assert "once" in done.stderr
    row = database.execute("SELECT password_hash, is_chief, is_active FROM app_user").fetchone()
    assert row
    assert row[1:] == (True, True)
    assert verify(row[0], password[1])
    assert password[1] not in row[0]


def test_a_password_may_be_typed_in(
    headrace: CommandLine, database: psycopg.Connection[Any]
) -> None:
    make = ("agency", "create", "--title", "A", "--username", "a@x.test", "--password-stdin")
    printed = headrace.good(*make, typed="pässword with spaces\n")
    assert "pässword" not in printed
    row = database.execute("SELECT password_hash FROM app_user").fetchone()
    assert row
    assert verify(row[0], "pässword with spaces")


def test_what_cannot_be_made_is_explained_and_leaves_nothing(
    headrace: CommandLine, database: psycopg.Connection[Any]
) -> None:
    agency = ("agency", "create", "--title")
    headrace.good(*agency, "Acme", "--username", "chief@acme.test")
    said = headrace.refused(*agency, "Acme", "--username", "other@acme.test")
    assert "choose another title" in said
    said = headrace.refused(*agency, "Other", "--username", "chief@acme.test")
    assert "is taken" in said
    typed = headrace.refused(*agency, "Short", "--username", "x", "--password-stdin", typed="abc\n")
    assert "8 characters" in typed
    counts = database.execute(
        "SELECT (SELECT count(*) FROM agency), (SELECT count(*) FROM app_user)"
    )
    assert counts.fetchone() == (1, 1)


def test_users_join_an_agency_and_a_workspace(
    headrace: CommandLine, database: psycopg.Connection[Any]
) -> None:
    headrace.good("agency", "create", "--title", "Acme", "--username", "chief@acme.test")
    row = database.execute(
        "INSERT INTO workspace (agency_id, title, description) SELECT id, 'W', '' FROM agency "
        "RETURNING id"
    ).fetchone()
    assert row
    user = ("user", "create", "--agency", "Acme", "--username")
    headrace.good(*user, "u@acme.test", "--workspace", str(row[0]), "--role", "editor")
    held = database.execute(
        "SELECT code FROM membership JOIN role ON role.id = membership.role_id"
    ).fetchall()
    assert held == [("editor",)]
    assert "viewer" in headrace.refused(
        *user, "v@acme.test", "--workspace", str(row[0]), "--role", "owner"
    )
    assert "not found" in headrace.refused(*user, "w@acme.test", "--workspace", "999999")
    nobody = ("user", "create", "--agency", "Nobody", "--username", "z@acme.test")
    assert "'Nobody' not found" in headrace.refused(*nobody)
    names = database.execute("SELECT username FROM app_user ORDER BY id").fetchall()
    assert names == [("chief@acme.test",), ("u@acme.test",)]


def test_migrating_says_when_it_is_done(headrace: CommandLine) -> None:
    assert "this release's version" in headrace.good("migrate")


def test_going_back_to_an_earlier_version(
    headrace: CommandLine, database: psycopg.Connection[Any]
) -> None:  # F43
    assert "0002" in headrace.refused("migrate", "--to", "0000")
    assert "at version 0002" in headrace.good("migrate", "--to", "0002")
    version = database.execute("SELECT version_num FROM alembic_version").fetchall()
    assert version == [("0002",)]
    assert "this release's version" in headrace.good("migrate")


def test_the_doctor_knows_a_newer_database(
    headrace: CommandLine, database: psycopg.Connection[Any]
) -> None:
    database.execute("UPDATE alembic_version SET version_num = '9999'")
    done = headrace("doctor")
    assert done.returncode == 1
    assert "newer release" in " ".join(done.stdout.split())


def test_the_doctor_finds_nothing_wrong(headrace: CommandLine) -> None:
    printed = headrace.good("doctor")
    assert "problem" not in printed
    assert "PostgreSQL answers" in printed
    assert "demo_ads" in printed


def test_the_doctor_says_what_is_wrong(tmp_path: Path) -> None:
    headrace = CommandLine(
        tmp_path,
        database_url="postgresql://u:canary-password@127.0.0.1:1/d",
        secret_key=base64.b64encode(bytes(range(32))).decode(),
        lake_url="/proc/no/such/place",
    )
    done = headrace("doctor")
    assert done.returncode == 1
    assert "does not answer" in done.stdout
    assert "/proc/no/such/place" in done.stdout
    assert "canary-password" not in done.stdout + done.stderr


def test_the_doctor_describes_every_setting(tmp_path: Path) -> None:
    printed = CommandLine(tmp_path).good("doctor", "--settings")
    for name, _, _ in described_settings():
        assert name in printed
