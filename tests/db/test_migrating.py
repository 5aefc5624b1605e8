"""Migrations: from empty to the newest version and back, agreeing with the models."""

from collections.abc import Callable, Iterator
from concurrent.futures import ThreadPoolExecutor

import pytest
from alembic.autogenerate import compare_metadata
from alembic.runtime.migration import MigrationContext
from alembic.script import ScriptDirectory
from sqlalchemy import Engine, text

from headrace.db.engine import make_engine
from headrace.db.migrating import (
    DatabaseTooNew,
    _config,
    check_not_newer,
    compared,
    current_version,
    migrate,
    versions,
)
from headrace.models import metadata

_THINGS = text("""
    SELECT n.nspname || '.' || c.relname FROM pg_class c JOIN pg_namespace n ON n.oid = c.relnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
    UNION ALL
    SELECT n.nspname || '.' || p.proname FROM pg_proc p JOIN pg_namespace n ON n.oid = p.pronamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema')
    UNION ALL
    SELECT n.nspname || '.' || t.typname FROM pg_type t JOIN pg_namespace n ON n.oid = t.typnamespace
    WHERE n.nspname NOT IN ('pg_catalog', 'information_schema', 'pg_toast')
""")


@pytest.fixture
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    """An engine on an empty database."""
    made = make_engine(make_database(), pool_size=4)
    yield made
    made.dispose()


def _things(engine: Engine) -> set[str]:
    with engine.connect() as connection:
        return set(connection.scalars(_THINGS))


def test_from_empty_to_the_newest_and_back_and_again(engine: Engine) -> None:
    assert check_not_newer(engine) is False
    before = _things(engine)
    migrate(engine)
    assert check_not_newer(engine) is True
    full = _things(engine)
    assert {f"public.{table.name}" for table in metadata.sorted_tables} <= full
    migrate(engine, "base")
    left = _things(engine) - before
    assert {name for name in left if "alembic_version" not in name} == set()
    migrate(engine)
    assert _things(engine) == full
    migrate(engine)  # nothing to do
    assert _things(engine) == full


def test_versions_are_known_and_looked_up_as_alembic_would(engine: Engine) -> None:
    scripts = ScriptDirectory.from_config(_config())
    assert versions() == [each.revision for each in scripts.walk_revisions()][::-1]

    def both() -> tuple[str | None, str | None]:
        with engine.connect() as connection:
            alembics = MigrationContext.configure(connection).get_current_revision()
        return current_version(engine), alembics

    assert both() == (None, None)
    for revision, version in ((versions()[1], versions()[1]), ("base", None)):
        migrate(engine, revision)
        assert both() == (version, version)


def test_the_models_say_what_the_migrations_made(engine: Engine) -> None:
    migrate(engine)
    with engine.connect() as connection:
        context = MigrationContext.configure(
            connection,
            opts={
                "compare_server_default": True,
                "include_object": compared,
            },
        )
        differences = compare_metadata(context, metadata)
    assert differences == []


def test_processes_that_start_at_once_migrate_once(engine: Engine) -> None:
    with ThreadPoolExecutor(3) as processes:
        list(processes.map(lambda _: migrate(engine), range(3)))
    assert check_not_newer(engine) is True


def test_a_database_of_a_newer_release_is_left_alone(engine: Engine) -> None:  # F43
    migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("UPDATE alembic_version SET version_num = '9999'"))
    before = _things(engine)
    for act in (check_not_newer, migrate):
        with pytest.raises(DatabaseTooNew, match=r"9999[^Z]*newer release"):
            act(engine)
    assert _things(engine) == before


def test_a_failed_migration_frees_the_turn(engine: Engine) -> None:
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE agency (other text)"))
    with pytest.raises(Exception, match="agency"):
        migrate(engine)
    with engine.begin() as connection:
        connection.execute(text("DROP TABLE agency"))
    migrate(engine)
    assert check_not_newer(engine) is True
