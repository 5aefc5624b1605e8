"""`headrace doctor`: what is right and wrong with this installation, in words."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

import psycopg
from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from headrace.connectors.registry import connectors
from headrace.db.embedded import EmbeddedDatabaseError
from headrace.db.engine import make_engine, plain_dsn
from headrace.db.migrating import DatabaseTooNew, check_not_newer
from headrace.db.opening import database_url
from headrace.db.roles import SYSTEM, protected
from headrace.doctor import checks, facts
from headrace.doctor.checks import Finding
from headrace.kit import clock, tracing
from headrace.kit.outcomes import OutsideError
from headrace.kit.sealing import Vault
from headrace.models import metadata
from headrace.settings import PREFIX, Settings, SettingsError
from headrace.table_store import Lake

_MINIMUM_POSTGRES = 150000
_SUNSET_NOTICE = timedelta(days=60)


def diagnose(settings: Settings, out: Console) -> int:
    """Print what was found; returns 0 if the server can work here and 1 otherwise."""
    findings = [finding for check in _CHECKS for finding in check(settings)]
    for good, words in findings:
        mark = "[green]ok[/]     " if good else "[bold red]problem[/]"
        out.print(f"{mark}  {words}")
    return 0 if all(good for good, _ in findings) else 1


def print_settings(out: Console) -> None:
    """Print every setting with its default and description."""
    table = Table("Setting", "Default", "Meaning", show_lines=True)
    for name, description, default in described_settings():
        table.add_row(name, default, description)
    out.print(table)


def described_settings() -> Iterator[tuple[str, str, str]]:
    """Yield each setting's environment variable, description and default."""
    for name, item in Settings.model_fields.items():
        default = item.get_default(call_default_factory=True)
        yield PREFIX + name.upper(), item.description or "", "" if default is None else str(default)


def _check_key(settings: Settings) -> Iterator[Finding]:
    try:
        settings.sealing_key()
    except SettingsError as error:
        yield False, str(error)
    else:
        yield True, "The key that seals credentials is there."


def _check_database(settings: Settings) -> Iterator[Finding]:
    kind = "The configured" if settings.database_url else "The embedded"
    try:
        with database_url(settings) as url:
            engine = make_engine(url, pool_size=1)
            with engine.connect() as connection:
                number = int(connection.scalar(text("SHOW server_version_num")) or 0)
            yield (
                number >= _MINIMUM_POSTGRES,
                f"{kind} PostgreSQL answers, version {number // 10000}.",
            )
            current = check_not_newer(engine)
            inside = [*_check_isolation(engine), *_check_system(settings, url)] if current else []
            engine.dispose()
            yield (
                True,
                (
                    "The database is at this release's version."
                    if current
                    else "The database is older than this release; the next start migrates it."
                ),
            )
            yield from inside
    except DatabaseTooNew as error:
        yield False, str(error)
    except psycopg.Error as error:
        yield False, f"{kind} PostgreSQL cannot tell how it stands: {str(error).splitlines()[0]}"
    except (OperationalError, EmbeddedDatabaseError) as error:
        yield False, f"{kind} PostgreSQL does not answer: {str(error).splitlines()[0]}"


def _check_isolation(engine: Engine) -> Iterator[Finding]:
    with engine.connect() as connection:
        open_to_all = {table.name for table in metadata.sorted_tables} - protected(connection)
    if open_to_all:
        names = ", ".join(sorted(open_to_all))
        yield (
            False,
            f"Row-level security does not bind every reader of {names}: was the database restored "
            "on a server without its roles? docs/how-to/operate.md says how to restore.",
        )
    else:
        yield True, "Row-level security keeps tenants apart in every table."


def _check_system(settings: Settings, url: str) -> Iterator[Finding]:
    """How the whole installation stands, as far as the database tells."""
    with psycopg.connect(plain_dsn(url, SYSTEM), autocommit=True) as connection:
        found = facts.system(connection, settings, Vault(settings.sealing_key()).key_id)
        to_mail = facts.links_to_mail(connection)
    for check in checks.CHECKS:
        yield from check(found)
    yield from checks.mail(settings.mail_server is not None, to_mail)


def _check_watching(settings: Settings) -> Iterator[Finding]:
    """Whether metrics and traces go where the settings say."""
    if settings.metrics_port:
        said = facts.said_at(settings.metrics_host, settings.metrics_port)
        yield from checks.metrics_port(settings.metrics_port, said)
    if settings.traces_url:
        try:
            tracing.check_installed()
        except tracing.TracesUnavailable as error:
            yield False, str(error)
        else:
            yield True, "What sends traces is installed."


def _check_disks(settings: Settings) -> Iterator[Finding]:
    for room in facts.rooms(str(settings.home), settings.lake):
        yield from checks.disk(room)


def _check_lake(settings: Settings) -> Iterator[Finding]:
    try:
        lake = Lake.open(settings.lake)
        lake.try_writing()
    except (OutsideError, OSError) as error:
        yield False, f"The lake at {settings.lake} cannot be used: {error}"
    else:
        yield True, f"The lake at {lake} can be written."


def _check_connectors(_: Settings) -> Iterator[Finding]:
    for connector in connectors().values():
        spec = connector.spec
        if spec.sunset is None:
            continue
        last_day = date.fromisoformat(spec.sunset)
        if last_day - clock.now().date() < _SUNSET_NOTICE:
            yield (
                False,
                f"{spec.title} ends the API version in use on {last_day}: upgrade Headrace.",
            )
    yield True, f"{len(connectors())} data sources are there: {', '.join(connectors())}."


_CHECKS: tuple[Callable[[Settings], Iterator[Finding]], ...] = (
    _check_key,
    _check_database,
    _check_lake,
    _check_disks,
    _check_watching,
    _check_connectors,
)
