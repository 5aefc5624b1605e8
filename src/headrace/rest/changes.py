"""What a request changed: the attributes of rows, before and after, without their secrets."""

import re
from collections.abc import Iterator, Mapping
from dataclasses import dataclass, field
from datetime import date, datetime, time
from decimal import Decimal
from enum import Enum
from typing import Any
from uuid import UUID

from sqlalchemy import BindParameter, Column, Table, event, inspect
from sqlalchemy.orm import ORMExecuteState, Session, UOWTransaction

SEVERAL = "*"
"""The id of rows that one statement changed together."""
SECRET = "(secret)"  # noqa: S105 - what stands in the place of one
_COLLECTED = "headrace_changes"
_SECRET_WORDS = {
    "password", "passwords", "secret", "sealed", "credential", "credentials", "token", "digest",
    "hash", "salt", "authorization", "cookie", "signature",
}  # fmt: skip
_SECRET_PARTS = ("password", "secret", "token", "api_key", "apikey", "private_key", "credential")
_ENVELOPE = re.compile(r"v1\.[0-9a-f]{8}\.[\w-]+\.[\w-]+")
_URL_USER = re.compile(r"(?<=://)[^/?#\s@]*@")
_URL_QUERY = re.compile(r"(://[^\s?]*)\?\S+")
_LONGEST_TEXT = 500
_LONGEST_LIST = 100
_MOST_ROWS = 50


@dataclass
class Change:
    """One row that was created, changed or deleted; only the columns that differ."""

    table: str
    id: str
    verb: str
    before: dict[str, Any] = field(default_factory=dict)
    after: dict[str, Any] = field(default_factory=dict)

    def as_json(self) -> dict[str, Any]:
        """The change as it is stored and shown."""
        return {
            "object_type": self.table,
            "object_id": self.id,
            "verb": self.verb,
            "before": self.before,
            "after": self.after,
        }


class Changes:
    """What a session changed so far, row by row; beyond fifty rows only their number is kept."""

    def __init__(self) -> None:
        self._rows: dict[tuple[str, str], Change] = {}
        self.untold = 0

    def __iter__(self) -> Iterator[Change]:
        return iter(self._rows.values())

    def __len__(self) -> int:
        return len(self._rows)

    def add(self, change: Change) -> None:
        """Take a change in, as a continuation of an earlier one of the same row."""
        key = (change.table, change.id)
        known = self._rows.get(key)
        if known is None:
            if len(self._rows) >= _MOST_ROWS:
                self.untold += 1
                return
            self._rows[key] = change
            return
        if known.verb != "created":
            known.before = change.before | known.before
        known.after |= change.after
        if change.verb == "deleted":
            known.verb, known.after = "deleted", {}


def collect(session: Session) -> Changes:
    """Collect what a session flushes from now on."""
    changes = Changes()
    session.info[_COLLECTED] = changes
    return changes


@event.listens_for(Session, "after_flush")
def _after_flush(session: Session, _: UOWTransaction) -> None:
    changes: Changes | None = session.info.get(_COLLECTED)
    if changes is None:
        return
    for verb, rows in (
        ("created", session.new),
        ("changed", session.dirty),
        ("deleted", session.deleted),
    ):
        for row in rows:
            if inspect(row).mapper.local_table.info.get("told", True):
                change = _change_of(row, verb)
                if change is not None:
                    changes.add(change)


@event.listens_for(Session, "do_orm_execute")
def _on_statement(state: ORMExecuteState) -> None:
    """Take in what a statement does to rows that are no objects here; which rows it does not say."""
    changes: Changes | None = state.session.info.get(_COLLECTED)
    if changes is None or not (state.is_insert or state.is_update or state.is_delete):
        return
    table = state.bind_mapper.local_table if state.bind_mapper is not None else None
    if not isinstance(table, Table) or not table.info.get("told", True):
        return
    verb = "created" if state.is_insert else "changed" if state.is_update else "deleted"
    change = Change(str(table.name), SEVERAL, verb)
    # SQLAlchemy has no public word for what a statement sets; without it the columns stay untold.
    for key, bound in (getattr(state.statement, "_values", None) or {}).items():
        column = table.columns.get(getattr(key, "name", key))
        if column is not None and isinstance(bound, BindParameter):
            change.after[str(column.name)] = told(column, bound.effective_value)
    changes.add(change)


def _change_of(row: Any, verb: str) -> Change | None:
    state = inspect(row)
    mapper = state.mapper
    key = mapper.primary_key_from_instance(row)
    change = Change(str(mapper.local_table.name), "/".join(str(part) for part in key), verb)
    if any(is_secret(column) for column in mapper.primary_key):
        change.id = SECRET
    for attribute in mapper.column_attrs:
        name, column = str(attribute.key), attribute.columns[0]
        if not column.info.get("told", True):
            continue
        history = state.attrs[name].history
        if verb == "deleted":
            if name in state.dict:
                change.before[name] = told(column, state.dict[name])
        elif history.has_changes():
            if verb == "changed" and history.deleted:
                change.before[name] = told(column, history.deleted[0])
            change.after[name] = told(column, history.added[0] if history.added else None)
    if verb == "changed" and not change.after:
        return None
    return change


def is_secret(column: Column[Any]) -> bool:
    """Whether a column's values are never shown: declared so (`info={"secret": True}`), or so named."""
    declared = column.info.get("secret")
    if declared is not None:
        return bool(declared)
    return bool(_SECRET_WORDS & set(column.name.split("_")))


def told(column: Column[Any], value: Any) -> Any:
    """Return a column's value as the audit trail may show it."""
    if value is not None and is_secret(column):
        return SECRET
    return _shown(value)


def _shown(value: Any) -> Any:
    """A value as plain JSON: texts cut, secrets within objects and addresses masked."""
    if isinstance(value, Enum):
        return _shown(value.value)
    if value is None or isinstance(value, bool | int | float):
        return value
    if isinstance(value, str):
        return _shown_text(value)
    if isinstance(value, Mapping):
        return {
            str(key): SECRET if _names_secret(str(key)) and inner is not None else _shown(inner)
            for key, inner in list(value.items())[:_LONGEST_LIST]
        }
    if isinstance(value, list | tuple | set | frozenset):
        return [_shown(inner) for inner in list(value)[:_LONGEST_LIST]]
    if isinstance(value, datetime | date | time):
        return value.isoformat()
    if isinstance(value, Decimal | UUID):
        return str(value)
    return f"({type(value).__name__})"


def _names_secret(key: str) -> bool:
    low = key.lower()
    return any(part in low for part in _SECRET_PARTS) or bool(_SECRET_WORDS & set(low.split("_")))


def _shown_text(text: str) -> str:
    if _ENVELOPE.fullmatch(text):
        return SECRET
    if "://" in text:
        text = _URL_QUERY.sub(rf"\1?{SECRET}", _URL_USER.sub(f"{SECRET}@", text))
    return text if len(text) <= _LONGEST_TEXT else text[:_LONGEST_TEXT] + "…"
