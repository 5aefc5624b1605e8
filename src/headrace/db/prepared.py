"""Statements that every request sends: compiled once, then handed to the driver as text.

To look a compiled statement up and carry its parameters over costs more than a small answer does.
"""

from collections.abc import Mapping
from dataclasses import dataclass
from typing import Any

from sqlalchemy import CursorResult, Select, Update
from sqlalchemy.dialects.postgresql.psycopg import PGDialect_psycopg
from sqlalchemy.orm import Session

_DIALECT = PGDialect_psycopg()  # type: ignore[no-untyped-call]  # SQLAlchemy's own lack


@dataclass(frozen=True)
class Prepared:
    """A statement as text, and the values of its own parameters."""

    text: str
    values: Mapping[str, Any]

    def execute(
        self, session: Session, values: Mapping[str, Any]
    ) -> CursorResult[*tuple[Any, ...]]:
        """Carry the statement out with the caller's values; what is pending is not flushed."""
        return session.connection().exec_driver_sql(self.text, {**self.values, **values})


def prepared(statement: Select[*tuple[Any, ...]] | Update, *given: str) -> Prepared:
    """Compile a statement whose parameters `given` come with each execution.

    Those have no value yet (`bindparam(name, required=False)`), and the driver refuses the statement
    where one is forgotten.

    Raises:
        KeyError: if the statement has no such parameter.
    """
    compiled = statement.compile(dialect=_DIALECT, compile_kwargs={"render_postcompile": True})
    values = dict(compiled.params)
    for name in given:
        del values[name]
    return Prepared(str(compiled), values)
