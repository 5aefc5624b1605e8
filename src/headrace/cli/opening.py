"""What every command stands on: where it prints, plain errors, settings and the open database."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import TYPE_CHECKING

import typer
from rich.console import Console
from rich.text import Text

if TYPE_CHECKING:
    from sqlalchemy.orm import Session

    from headrace.rest.resources import Resources
    from headrace.settings import Settings

out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)


@contextmanager
def plain_errors(*, supervised: bool = False) -> Iterator[None]:
    """Print what the operator can act on as one message, and exit.

    A supervised process exits with a code that tells its supervisor not to restart it.
    """
    from sqlalchemy.exc import OperationalError

    from headrace.db.embedded import EmbeddedDatabaseError
    from headrace.db.migrating import DatabaseTooNew
    from headrace.db.roles import RolesMissing
    from headrace.kit.outcomes import OutsideError
    from headrace.kit.tracing import TracesUnavailable
    from headrace.rest.errors import AppError
    from headrace.settings import SettingsError
    from headrace.supervision import CANNOT_START

    known = (
        SettingsError, DatabaseTooNew, RolesMissing, EmbeddedDatabaseError, AppError, OutsideError,
        TracesUnavailable,
    )  # fmt: skip
    code = CANNOT_START if supervised else 1
    try:
        yield
    except known as error:
        refuse(str(error), code)
    except OperationalError as error:
        # A database that is away may come back: worth a restart.
        refuse(f"The database does not answer: {str(error.orig).strip()}")


def refuse(message: str, code: int = 1) -> None:
    """Print a message and exit with a code."""
    err.print(Text.assemble(("Error: ", "bold red"), message))
    raise typer.Exit(code)


def read_settings() -> "Settings":
    """Read the settings, and write logs as they say."""
    from headrace.kit import logs
    from headrace.settings import load_settings

    settings = load_settings()
    logs.configure(settings.log_format, settings.log_level)
    return settings


@contextmanager
def _migrated(settings: "Settings") -> Iterator[str]:
    """Open the database, at this release's version; gives its URL."""
    import headrace.models  # noqa: F401 - foreign keys look for every table
    from headrace.db.migrating import migrate_at
    from headrace.db.opening import database_url

    with database_url(settings) as url:
        migrate_at(url)
        yield url


@contextmanager
def opened(settings: "Settings", threads: int) -> Iterator[tuple["Resources", str]]:
    """Open the database, migrated, and everything else a process works with."""
    from headrace.rest.resources import open_resources
    from headrace.templates.service import publish_global

    with _migrated(settings) as url:
        resources = open_resources(settings, url, threads)
        try:
            with resources.sessions() as session, session.begin():
                publish_global(session)
            yield resources, url
        finally:
            resources.engine.dispose()


@contextmanager
def in_transaction() -> Iterator["Session"]:
    """Do one command's work on the database, all of it, or nothing and a message.

    What it changes is in the audit trail.
    """
    from headrace.audit.recording import command_line
    from headrace.db.engine import make_engine, session_maker
    from headrace.db.roles import SYSTEM

    command = " ".join(word for word in sys.argv[1:3] if not word.startswith("-"))
    with plain_errors():
        settings = read_settings()
        settings.sealing_key()  # the server wants one too: better told before there are users
        with _migrated(settings) as url:
            engine = make_engine(url, pool_size=1, role=SYSTEM)
            try:
                with command_line(session_maker(engine), command) as session:
                    yield session
            finally:
                engine.dispose()
