"""`headrace doctor`: what is right and wrong with this installation, in words."""

from collections.abc import Callable, Iterator
from datetime import date, timedelta

from rich.console import Console
from rich.table import Table
from sqlalchemy import Engine, text
from sqlalchemy.exc import OperationalError

from headrace.connectors.registry import connectors
from headrace.db.embedded import EmbeddedDatabaseError
from headrace.db.engine import make_engine
from headrace.db.migrating import DatabaseTooNew, check_not_newer
from headrace.db.opening import database_url
from headrace.db.roles import protected
from headrace.kit import clock
from headrace.kit.outcomes import OutsideError
from headrace.models import metadata
from headrace.settings import PREFIX, Settings, SettingsError
from headrace.table_store import Lake

_MINIMUM_POSTGRES = 150000
_SUNSET_NOTICE = timedelta(days=60)
Finding = tuple[bool, str]


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
            isolation = list(_check_isolation(engine)) if current else []
            engine.dispose()
            yield (
                True,
                (
                    "The database is at this release's version."
                    if current
                    else "The database is older than this release; the next start migrates it."
                ),
            )
            yield from isolation
    except DatabaseTooNew as error:
        yield False, str(error)
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


def _check_lake(settings: Settings) -> Iterator[Finding]:
    try:
        next(iter(Lake.open(settings.lake).list_files(0)), None)
    except (OutsideError, OSError) as error:
        yield False, f"The lake at {settings.lake} cannot be used: {error}"
    else:
        yield True, f"The lake at {settings.lake} can be read."


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
    _check_connectors,
)
