"""Bringing the database to the version this release expects, and refusing one of a newer release.

Every process and command looks whether there is something to do. Alembic is imported where there
is: that, and reading its scripts, takes longer than the rest of the look by far.
"""

from pathlib import Path
from typing import TYPE_CHECKING

from sqlalchemy import Engine, text
from sqlalchemy.schema import SchemaItem

from headrace.db.engine import make_engine
from headrace.db.roles import ensure_roles

if TYPE_CHECKING:
    from alembic.config import Config

_SCRIPTS = Path(__file__).parent.parent / "migrations"
_LOCK = 0x4D494752  # any constant: one migration at a time


class DatabaseTooNew(Exception):
    """The database was migrated by a newer release; this one would damage it."""


def _config() -> "Config":
    from alembic.config import Config

    config = Config()
    config.set_main_option("script_location", str(_SCRIPTS).replace("%", "%%"))
    return config


def versions() -> list[str]:
    """Return the versions that this release knows, the oldest first: what its scripts begin with."""
    scripts = (_SCRIPTS / "versions").glob("[0-9]*_*.py")
    return sorted(script.name.split("_", 1)[0] for script in scripts)


def current_version(engine: Engine) -> str | None:
    """Return the version a database is at; None if it was never migrated."""
    with engine.connect() as connection:
        if connection.scalar(text("SELECT to_regclass('alembic_version')")) is None:
            return None
        version: str | None = connection.scalar(text("SELECT version_num FROM alembic_version"))
        return version


def _before(version: str | None) -> list[str]:
    known = versions()
    return known[: known.index(version)] if version else []


def check_not_newer(engine: Engine) -> bool:
    """Return whether the database is at this release's version.

    Raises:
        DatabaseTooNew: if it is at a version this release does not know.
    """
    current = current_version(engine)
    if current is not None and current not in versions():
        raise DatabaseTooNew(
            f"The database is at version {current}, which this release of Headrace does not know. "
            "Run the newer release, or restore a backup from before it."
        )
    return current == versions()[-1]


def migrate_at(database_url: str, revision: str = "head") -> None:
    """Bring the database of a URL to a version, this release's; as `migrate` otherwise."""
    engine = make_engine(database_url, pool_size=1)
    try:
        migrate(engine, revision)
    finally:
        engine.dispose()


def migrate(engine: Engine, revision: str = "head") -> None:
    """Bring the database to a version, as its owner; several processes may call this at once.

    Going back to an earlier one loses what only later releases keep.

    Raises:
        DatabaseTooNew: if it is at a version this release does not know.
        RolesMissing: if the roles it needs are not there and this login may not make them.
    """
    is_newest = check_not_newer(engine)
    with engine.begin() as connection:
        connection.execute(text("SELECT pg_advisory_xact_lock(:key)"), {"key": _LOCK})
        ensure_roles(connection)  # a database may have been moved to a server that lacks them
    if is_newest and revision == "head":
        return
    from alembic import command

    config = _config()
    earlier = {"base", *_before(current_version(engine))}
    with engine.connect() as connection:
        connection.execute(text("SELECT pg_advisory_lock(:key)"), {"key": _LOCK})
        connection.commit()
        try:
            config.attributes["connection"] = connection
            if revision in earlier:
                command.downgrade(config, revision)
            else:
                command.upgrade(config, revision)
            connection.commit()
        finally:
            connection.rollback()
            connection.execute(text("SELECT pg_advisory_unlock(:key)"), {"key": _LOCK})
            connection.commit()


def compared(
    thing: SchemaItem, name: str | None, kind: str, _reflected: bool, other: SchemaItem | None
) -> bool:
    """Tell Alembic whether to compare a thing with the models.

    The job engine's tables are its own. Alembic compares defaults by letting the database work both
    out, and what is random never comes out alike.
    """
    if kind == "table":
        return not (name or "").startswith("procrastinate_")
    default = getattr(thing, "server_default", None)
    return other is None or "gen_random_uuid" not in str(getattr(default, "arg", ""))
