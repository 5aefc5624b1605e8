"""Commands about agencies and users: what they change, what they say, what they refuse."""

import base64
import re
import secrets
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import psycopg
import pytest

from fakes.commands import Commands
from headrace.access.passwords import verify
from headrace.access.service import AgencyFlag
from headrace.cli.agency import Flag
from headrace.db.engine import plain_dsn


@pytest.fixture
def headrace(committed_database: str, tmp_path: Path) -> Commands:
    """The commands, on a migrated database of the test's own."""
    return Commands(
        home=tmp_path,
        database_url=committed_database.replace("+psycopg", ""),
        secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
    )


@pytest.fixture
def database(committed_database: str) -> Iterator[psycopg.Connection[Any]]:
    """A look into the same database."""
    with psycopg.connect(plain_dsn(committed_database), autocommit=True) as connection:
        yield connection


def test_flags_are_listed_and_switched(
    headrace: Commands, database: psycopg.Connection[Any]
) -> None:  # S20
    headrace.good("agency", "create", "--title", "Acme", "--username", "chief@acme.test")
    flag = ("agency", "set-flag", "--title")
    assert headrace.good(*flag, "Acme", "external_auth", "off").strip() == "external_auth: off"
    headrace.good(*flag, "Acme", "can_use_embedded_api", "off")
    row = database.execute("SELECT external_auth, can_use_embedded_api FROM agency").fetchone()
    assert row == (False, False)
    headrace.good(*flag, "Acme", "can_use_embedded_api", "on")
    listed = headrace.good("agency", "list")
    assert "Acme" in listed
    assert "can_use_embedded_api=on" in listed
    assert "external_auth=off" in listed
    assert "'Nobody' not found" in headrace.refused(*flag, "Nobody", "external_auth", "off")
    assert "external_auth" in headrace.refused(*flag, "Acme", "everything", "on")


def test_the_flags_typed_are_those_of_agencies() -> None:
    assert [*Flag] == [*AgencyFlag]


@pytest.fixture
def member(headrace: Commands, database: psycopg.Connection[Any]) -> tuple[str, ...]:
    """A user with a token, as options of a command; they hold no role."""
    headrace.good("agency", "create", "--title", "Acme", "--username", "chief@acme.test")
    made = ("user", "create", "--agency", "Acme", "--username", "u@acme.test")
    headrace.good(*made, "--name", "Uma", "--password-stdin", typed="an old password\n")
    database.execute(
        "INSERT INTO workspace (agency_id, title, description) SELECT id, 'W', '' FROM agency"
    )
    database.execute(
        "INSERT INTO access_token (digest, user_id, workspace_id, expires_at) "
        "SELECT u.username, u.id, w.id, now() + interval '1 hour' FROM app_user u, workspace w"
    )
    return ("--username", "u@acme.test")


def _tokens(database: psycopg.Connection[Any]) -> list[Any]:
    return [row[0] for row in database.execute("SELECT digest FROM access_token ORDER BY digest")]


def test_roles_are_given_and_taken(
    headrace: Commands, database: psycopg.Connection[Any], member: tuple[str, ...]
) -> None:
    row = database.execute("SELECT id, agency_id FROM workspace").fetchone()
    assert row
    database.execute(
        "INSERT INTO role (agency_id, title, description, permissions, is_internal) "
        "VALUES (%s, 'Planner', '', '[]', false)",
        [row[1]],
    )
    held = "SELECT title FROM membership JOIN role ON role.id = membership.role_id"
    workspace = ("--workspace", str(row[0]))
    for given, title in (("editor", "Editor"), ("planner", "Planner")):
        headrace.good("user", "grant", *member, *workspace, "--role", given)
        assert database.execute(held).fetchall() == [(title,)]
    headrace.good("user", "revoke", *member, *workspace)
    assert database.execute(held).fetchall() == []
    assert "not found" in headrace.refused("user", "revoke", *member, *workspace)
    nobody = ("user", "grant", "--username", "nobody@acme.test")
    assert "not found" in headrace.refused(*nobody, *workspace)


def test_a_rotated_password_ends_what_the_old_one_made(
    headrace: Commands, database: psycopg.Connection[Any], member: tuple[str, ...]
) -> None:  # S37
    assert _tokens(database) == ["chief@acme.test", "u@acme.test"]
    printed = headrace.good("user", "rotate-password", *member)
    password = re.search(r"^password: (\S+)$", printed, re.MULTILINE)
    assert password
    row = database.execute("SELECT password_hash FROM app_user WHERE name = 'Uma'").fetchone()
    assert row
    assert verify(row[0], password[1])
    assert _tokens(database) == ["chief@acme.test"]
    typed = ("user", "set-password", *member, "--password-stdin")
    assert "8 characters" in headrace.refused(*typed, typed="short\n")
    headrace.good(*typed, typed="one of my own\n")
    row = database.execute("SELECT password_hash FROM app_user WHERE name = 'Uma'").fetchone()
    assert row
    assert verify(row[0], "one of my own")


def test_a_user_is_kept_out_and_let_in_again(
    headrace: Commands, database: psycopg.Connection[Any], member: tuple[str, ...]
) -> None:  # S36
    active = "SELECT is_active FROM app_user WHERE name = 'Uma'"
    headrace.good("user", "deactivate", *member)
    assert database.execute(active).fetchone() == (False,)
    assert _tokens(database) == ["chief@acme.test"]
    headrace.good("user", "activate", *member)
    assert database.execute(active).fetchone() == (True,)
    said = headrace.refused("user", "deactivate", "--username", "chief@acme.test")
    assert "only chief" in said
