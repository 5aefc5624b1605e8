"""The command line. Commands import what they need when they run, so that each starts quickly."""

import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from pathlib import Path
from typing import TYPE_CHECKING, Annotated

import typer
from rich.console import Console
from rich.text import Text

from headrace import __version__

if TYPE_CHECKING:
    from headrace.rest.resources import Resources
    from headrace.settings import Settings

app = typer.Typer(
    help="Headrace: a self-hosted, embedded ELT server for marketing data.",
    no_args_is_help=True,
    add_completion=False,
    pretty_exceptions_enable=False,
)
agency_app = typer.Typer(help="Agencies: the owners of workspaces and users.", no_args_is_help=True)
user_app = typer.Typer(help="Users of an agency.", no_args_is_help=True)
app.add_typer(agency_app, name="agency")
app.add_typer(user_app, name="user")
out = Console(soft_wrap=True, highlight=False)
err = Console(stderr=True, soft_wrap=True, highlight=False)
Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]


@contextmanager
def _plain_errors(*, supervised: bool = False) -> Iterator[None]:
    """Print what the operator can act on as one message, and exit.

    A supervised process exits with a code that tells its supervisor not to restart it.
    """
    from sqlalchemy.exc import OperationalError

    from headrace.db.embedded import EmbeddedDatabaseError
    from headrace.db.migrating import DatabaseTooNew
    from headrace.kit.outcomes import OutsideError
    from headrace.rest.errors import AppError
    from headrace.settings import SettingsError
    from headrace.supervision import CANNOT_START

    known = (SettingsError, DatabaseTooNew, EmbeddedDatabaseError, AppError, OutsideError)
    code = CANNOT_START if supervised else 1
    try:
        yield
    except known as error:
        _refuse(str(error), code)
    except OperationalError as error:
        # A database that is away may come back: worth a restart.
        _refuse(f"The database does not answer: {str(error.orig).strip()}")


def _refuse(message: str, code: int = 1) -> None:
    err.print(Text.assemble(("Error: ", "bold red"), message))
    raise typer.Exit(code)


def _settings() -> "Settings":
    from headrace.kit import logs
    from headrace.settings import load_settings

    settings = load_settings()
    logs.configure(settings.log_format, settings.log_level)
    return settings


@contextmanager
def _resources(settings: "Settings", threads: int) -> Iterator[tuple["Resources", str]]:
    """Open the database, migrated, and everything else a process works with."""
    import headrace.models  # noqa: F401 - foreign keys look for every table
    from headrace.db.migrating import migrate
    from headrace.db.opening import database_url
    from headrace.rest.resources import open_resources
    from headrace.templates.service import publish_global

    with database_url(settings) as url:
        resources = open_resources(settings, url, threads)
        try:
            migrate(resources.engine)
            with resources.sessions() as session, session.begin():
                publish_global(session)
            yield resources, url
        finally:
            resources.engine.dispose()


def _refuse_newer(url: str) -> None:
    """Refuse a database of a newer release here, once, where every child would say the same.

    One that does not answer is left to the children, which are restarted until it does.
    """
    from sqlalchemy.exc import OperationalError

    from headrace.db.engine import make_engine
    from headrace.db.migrating import check_not_newer

    engine = make_engine(url, pool_size=1)
    with suppress(OperationalError):
        check_not_newer(engine)
    engine.dispose()


@app.command()
def up() -> None:
    """Run everything on this machine: web server, workers and, unless configured, PostgreSQL."""
    from headrace.db.opening import database_url
    from headrace.supervision import ChildRefused, supervise

    with _plain_errors():
        settings = _settings()
        settings.sealing_key()
        workers = {f"worker {number + 1}": ["worker"] for number in range(settings.workers)}
        with database_url(settings) as url:
            _refuse_newer(url)
            try:
                supervise(
                    {"web": ["web"]} | workers,
                    lambda: err.print(f"Headrace {__version__} at {settings.public_address}"),
                )
            except ChildRefused:
                raise typer.Exit(1) from None


@app.command()
def web(supervised: Supervised = False) -> None:
    """Run one web process."""
    import uvicorn

    from headrace.app import create_app
    from headrace.rest.listening import listening_socket
    from headrace.supervision import end_with_parent

    if supervised:
        end_with_parent()
    with _plain_errors(supervised=supervised):
        settings = _settings()
        with (
            listening_socket(settings.host, settings.port) as listener,
            _resources(settings, settings.web_threads) as (resources, _),
        ):
            config = uvicorn.Config(
                create_app(settings, resources),
                log_config=None,
                access_log=False,
                server_header=False,
                timeout_graceful_shutdown=20,
            )
            uvicorn.Server(config).run(sockets=[listener])


@app.command()
def worker(supervised: Supervised = False) -> None:
    """Run one worker process."""
    from headrace import worker as working
    from headrace.supervision import end_with_parent, leave_at_once

    if supervised:
        end_with_parent()
    with _plain_errors(supervised=supervised):
        settings = _settings()
        with _resources(settings, settings.worker_threads) as (resources, url):
            ended = working.run(resources, url, settings.worker_threads)
    if not ended:
        leave_at_once()


@app.command()
def migrate() -> None:
    """Bring the database to this release's version."""
    with _plain_errors(), _resources(_settings(), 1):
        out.print("The database is at this release's version.")


@app.command()
def demo(
    file: Annotated[
        Path | None, typer.Option(help="Also carry this CSV, TSV, JSON lines or Parquet file.")
    ] = None,
) -> None:
    """Run a whole pipeline through the HTTP API: connect, extract, deliver, compare totals."""
    from headrace.demo import DemoFailed, run_demo

    with _plain_errors():
        try:
            run_demo(_settings(), file, out)
        except DemoFailed as error:
            _refuse(str(error))


@app.command()
def doctor(
    settings: Annotated[bool, typer.Option("--settings", help="Describe every setting.")] = False,
) -> None:
    """Say in words whether the server can work here, and what to do where it cannot."""
    from headrace.doctor import diagnose, print_settings

    if settings:
        print_settings(out)
        return
    with _plain_errors():
        raise typer.Exit(diagnose(_settings(), out))


@app.command()
def openapi() -> None:
    """Print the OpenAPI 3.1 document."""
    import msgspec

    from headrace.app import document
    from headrace.settings import Settings

    text = msgspec.json.format(msgspec.json.encode(document(Settings.model_construct())), indent=2)
    sys.stdout.write(text.decode() + "\n")


Password = Annotated[
    bool, typer.Option("--password-stdin", help="Read the password from standard input.")
]


def _password(from_stdin: bool) -> tuple[str, bool]:
    """Return a password and whether it was made here and has to be shown."""
    from headrace.access.passwords import generate_password

    if from_stdin:
        return sys.stdin.readline().rstrip("\r\n"), False
    return generate_password(), True


def _show_user(username: str, password: str, is_made: bool) -> None:
    out.print(f"username: {username}", markup=False)
    if is_made:
        out.print(f"password: {password}", markup=False)
        err.print("The password is shown this once; keep it.")


@agency_app.command("create")
def agency_create(
    title: Annotated[str, typer.Option(help="Name of the agency.")],
    username: Annotated[str, typer.Option(help="Name its chief signs in with.")],
    password_stdin: Password = False,
) -> None:
    """Create an agency and its first user, the chief."""
    from headrace.access import service
    from headrace.db.engine import transaction

    with _plain_errors(), _resources(_settings(), 1) as (resources, _):
        password, is_made = _password(password_stdin)
        with transaction(resources.sessions) as session:
            chief = service.create_agency(session, title, username, password)
            out.print(f"agency: {chief.agency_id}", markup=False)
        _show_user(username, password, is_made)


@user_app.command("create")
def user_create(
    agency: Annotated[str, typer.Option(help="Title of the agency.")],
    username: Annotated[str, typer.Option(help="Name the user signs in with.")],
    workspace: Annotated[int | None, typer.Option(help="Id of a workspace to enter.")] = None,
    role: Annotated[str, typer.Option(help="Role in that workspace.")] = "viewer",
    password_stdin: Password = False,
) -> None:
    """Create a user of an agency, and give them a role in a workspace."""
    from headrace.access import service
    from headrace.db.engine import transaction

    with _plain_errors(), _resources(_settings(), 1) as (resources, _):
        password, is_made = _password(password_stdin)
        with transaction(resources.sessions) as session:
            user = service.create_user(
                session, service.agency_named(session, agency).id, username, password
            )
            if workspace is not None:
                service.grant(session, user, workspace, role)
        _show_user(username, password, is_made)


@app.callback(invoke_without_command=True)
def _root(
    version: Annotated[bool, typer.Option("--version", help="Print the version.")] = False,
) -> None:
    if version:
        out.print(__version__)
        raise typer.Exit


def main() -> None:
    """Run the command line."""
    app()


if __name__ == "__main__":
    main()
