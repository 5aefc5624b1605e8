"""Commands that run the server and bring its database to this release."""

from contextlib import suppress
from typing import TYPE_CHECKING, Annotated

import typer

from headrace import __version__
from headrace.cli.opening import err, opened, out, plain_errors, read_settings

if TYPE_CHECKING:
    from headrace.settings import Settings

app = typer.Typer()
Supervised = Annotated[bool, typer.Option("--supervised", hidden=True)]
MetricsPort = Annotated[
    int | None, typer.Option(help="Show metrics here instead of at HEADRACE_METRICS_PORT.")
]


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

    with plain_errors():
        settings = read_settings()
        settings.sealing_key()
        commands = {"web": ["web"]}
        commands |= {f"worker {number + 1}": ["worker"] for number in range(settings.workers)}
        if settings.metrics_port:
            for place, command in enumerate(commands.values()):
                command += ["--metrics-port", str(settings.metrics_port + place)]
        with database_url(settings) as url:
            _refuse_newer(url)
            try:
                supervise(commands, lambda: _greet(settings, url))
            except ChildRefused:
                raise typer.Exit(1) from None


def _greet(settings: "Settings", url: str) -> None:
    """Say where the server is; while nobody uses it, how the first user is made."""
    from headrace.console.first_run import setup_code

    err.print(f"Headrace {__version__} at {settings.public_address}")
    console = f"{settings.public_address}/console"
    if _is_unused(url):
        console += f"/setup#code={setup_code(settings)}"
        err.print(f"Nobody uses it yet. Make the first user at {console}", markup=False)
    else:
        err.print(f"Sign in at {console}", markup=False)


def _is_unused(url: str) -> bool:
    """Whether the server has no agency; before its tables are made, it has none."""
    from sqlalchemy import inspect
    from sqlalchemy.exc import OperationalError

    from headrace.access.queries import agencies
    from headrace.db.engine import make_engine, session_maker, transaction

    engine = make_engine(url, pool_size=1)
    try:
        if not inspect(engine).has_table("agency"):
            return True
        with transaction(session_maker(engine)) as session:
            return not agencies(session)
    except OperationalError:
        return False
    finally:
        engine.dispose()


@app.command()
def web(supervised: Supervised = False, metrics_port: MetricsPort = None) -> None:
    """Run one web process."""
    import uvicorn

    from headrace.app import create_app
    from headrace.kit import tracing
    from headrace.kit.garbage import keep_what_is_loaded
    from headrace.observing.serving import serving
    from headrace.rest.listening import listening_socket
    from headrace.supervision import end_with_parent

    if supervised:
        end_with_parent()
    with plain_errors(supervised=supervised):
        settings = read_settings()
        with (
            listening_socket(settings.host, settings.port) as listener,
            tracing.sending(settings.traces_url, "web", __version__),
            opened(settings, settings.web_threads) as (resources, url),
            serving(resources, url, _metrics_port(settings, metrics_port)),
        ):
            config = uvicorn.Config(
                create_app(settings, resources),
                log_config=None,
                access_log=False,
                server_header=False,
                proxy_headers=False,  # `rest.addresses` does it, for proxies that are named
                timeout_graceful_shutdown=20,
            )
            keep_what_is_loaded()
            uvicorn.Server(config).run(sockets=[listener])


@app.command()
def worker(supervised: Supervised = False, metrics_port: MetricsPort = None) -> None:
    """Run one worker process."""
    from headrace import worker as working
    from headrace.kit import tracing
    from headrace.kit.garbage import keep_what_is_loaded
    from headrace.observing.serving import serving
    from headrace.supervision import end_with_parent, leave_at_once

    if supervised:
        end_with_parent()
    with plain_errors(supervised=supervised):
        settings = read_settings()
        with (
            tracing.sending(settings.traces_url, "worker", __version__),
            opened(settings, settings.worker_threads) as (resources, url),
            serving(resources, url, _metrics_port(settings, metrics_port)),
        ):
            keep_what_is_loaded()
            ended = working.run(resources, url, settings.worker_threads)
    if not ended:
        leave_at_once()


def _metrics_port(settings: "Settings", chosen: int | None) -> int:
    return settings.metrics_port if chosen is None else chosen


def _go_back(version: str) -> None:
    import headrace.models  # noqa: F401 - migrations compare with every table
    from headrace.db.migrating import migrate_at, versions
    from headrace.db.opening import database_url

    if version not in versions():
        raise typer.BadParameter(f"this release knows {', '.join(versions())}", param_hint="--to")
    with plain_errors(), database_url(read_settings()) as url:
        migrate_at(url, version)
    out.print(f"The database is at version {version}.")


GoBackTo = Annotated[
    str,
    typer.Option(
        "--to",
        help="An earlier release's version, such as 0002: before you start that release again, with "
        "this one stopped. What only later releases keep is lost.",
    ),
]


@app.command()
def migrate(to: GoBackTo = "") -> None:
    """Bring the database to this release's version, or back to an earlier one."""
    if to:
        _go_back(to)
        return
    with plain_errors(), opened(read_settings(), 1):
        out.print("The database is at this release's version.")
