"""Migrations of a release suit the processes of the one before, which still run beside it."""

from collections.abc import Callable, Iterator
from itertools import pairwise
from typing import Any

import pytest
from sqlalchemy import Engine, inspect, text

from headrace.db.engine import make_engine
from headrace.db.migrating import check_not_newer, current_version, migrate, versions

_ROLLED = list(pairwise(versions()[1:]))  # nobody ran the first beside the second


@pytest.fixture
def engine(make_database: Callable[[], str]) -> Iterator[Engine]:
    """An engine on an empty database."""
    made = make_engine(make_database(), pool_size=2)
    yield made
    made.dispose()


def _shape(engine: Engine) -> dict[str, dict[str, Any]]:
    """Columns and refusals of every table, in a form that can be compared."""
    found = inspect(engine)
    return {
        table: {
            "columns": {
                column["name"]: (str(column["type"]), column["nullable"], column["default"])
                for column in found.get_columns(table)
            },
            "refusals": {
                *(f"check {one['sqltext']}" for one in found.get_check_constraints(table)),
                *(f"unique {one['column_names']}" for one in found.get_unique_constraints(table)),
                *(
                    f"unique {one['column_names'] or one.get('expressions')} {one['dialect_options']}"
                    for one in found.get_indexes(table)
                    if one["unique"]
                ),
                *(
                    f"foreign {one['constrained_columns']} {one['referred_table']}"
                    for one in found.get_foreign_keys(table)
                ),
            },
        }
        for table in found.get_table_names()
    }


@pytest.mark.parametrize(("older", "newer"), _ROLLED)
def test_what_the_release_before_uses_stays(older: str, newer: str, engine: Engine) -> None:  # F43
    migrate(engine, older)
    before = _shape(engine)
    migrate(engine, newer)
    after = _shape(engine)
    assert before.keys() <= after.keys()
    for table, shape in before.items():
        columns = after[table]["columns"]
        assert shape["columns"].items() <= columns.items(), table
        for name in columns.keys() - shape["columns"].keys():
            _, is_nullable, default = columns[name]
            # An old process stores rows without it.
            assert is_nullable or default is not None, f"{table}.{name}"
        new = {name for name in columns if name not in shape["columns"]}
        for refusal in after[table]["refusals"] - shape["refusals"]:
            # What old processes store is refused for nothing but what they do not know.
            assert any(name in refusal for name in new), f"{table}: {refusal}"


def test_going_back_keeps_what_the_release_before_had(engine: Engine) -> None:  # F43
    migrate(engine, versions()[1])
    before = _shape(engine)
    with engine.begin() as connection:
        connection.execute(
            text("INSERT INTO agency (title, can_use_embedded_api) VALUES ('kept', true)")
        )
    migrate(engine)
    migrate(engine, versions()[1])
    assert current_version(engine) == versions()[1]
    assert _shape(engine) == before
    with engine.connect() as connection:
        assert connection.scalars(text("SELECT title FROM agency")).all() == ["kept"]
    migrate(engine)
    assert check_not_newer(engine)
