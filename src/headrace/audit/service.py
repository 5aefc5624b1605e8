"""The rules of reading the audit trail."""

import csv
import io
import threading
from collections.abc import Callable, Iterator, Sequence
from dataclasses import dataclass
from datetime import datetime
from typing import Any

import msgspec
from sqlalchemy import Row, Select
from sqlalchemy.orm import Session, sessionmaker

from headrace.audit import queries
from headrace.audit.models import AuditEntry
from headrace.audit.schemas import ExportFormat, Outcome
from headrace.db.engine import transaction
from headrace.tenancy.scope import AgencyScope, WorkspaceScope

Scope = AgencyScope | WorkspaceScope

_ROWS_AT_ONCE = 1000
# Exports take connections beside those of the requests' turns: one at a time, for one portion each.
_PORTIONS = threading.BoundedSemaphore(1)
# A spreadsheet takes a cell that begins so for a formula.
_FORMULA_STARTS = ("=", "+", "-", "@", "\t", "\r")


@dataclass(frozen=True)
class Asked:
    """Which entries a caller wants; None: any. `since` is within, `until` is not."""

    action: str | None = None
    user: str | None = None
    object_type: str | None = None
    object_id: str | None = None
    outcome: Outcome | None = None
    workspace_id: int | None = None
    since: datetime | None = None
    until: datetime | None = None


def select_entries(scope: Scope, asked: Asked) -> Select[Any]:
    """Select the entries that a scope may see and the caller wants, newest first."""
    return _wanted(scope, asked).order_by(AuditEntry.id.desc())


def _wanted(scope: Scope, asked: Asked) -> Select[Any]:
    statement = queries.entries(scope)
    for column, value in (
        (AuditEntry.action, asked.action),
        (AuditEntry.username, asked.user),
        (AuditEntry.object_type, asked.object_type),
        (AuditEntry.object_id, asked.object_id),
        (AuditEntry.outcome, asked.outcome),
        (AuditEntry.workspace_id, asked.workspace_id),
    ):
        if value is not None:
            statement = statement.where(column == value)
    if asked.since is not None:
        statement = statement.where(AuditEntry.occurred_at >= asked.since)
    if asked.until is not None:
        statement = statement.where(AuditEntry.occurred_at < asked.until)
    return statement


def export(
    sessions: sessionmaker[Session], scope: Scope, asked: Asked, form: ExportFormat
) -> Iterator[bytes]:
    """Yield the entries wanted, oldest first, as JSON lines or CSV.

    Each portion is read in a transaction of its own: a slow reader holds no connection.
    """
    encode: Callable[[Sequence[Row[Any]]], bytes] = _json_lines
    if form is ExportFormat.CSV:
        encode = _csv_lines
        yield _line(queries.SHOWN)
    last = 0
    while True:
        statement = _wanted(scope, asked).where(AuditEntry.id > last).order_by(AuditEntry.id)
        with _PORTIONS, transaction(sessions) as session:
            rows = session.execute(statement.limit(_ROWS_AT_ONCE)).all()
        if not rows:
            return
        last = rows[-1].id
        yield encode(rows)


def _json_lines(rows: Sequence[Row[Any]]) -> bytes:
    return b"".join(msgspec.json.encode(row._asdict()) + b"\n" for row in rows)


def _csv_lines(rows: Sequence[Row[Any]]) -> bytes:
    return b"".join(_line([_cell(value) for value in row]) for row in rows)


def _line(cells: Sequence[str]) -> bytes:
    text = io.StringIO()
    csv.writer(text).writerow(cells)
    return text.getvalue().encode()


def _cell(value: Any) -> str:
    if value is None:
        return ""
    if isinstance(value, list):
        return msgspec.json.encode(value).decode()
    if isinstance(value, datetime):
        return value.isoformat()
    text = str(value)
    return f"'{text}" if text.startswith(_FORMULA_STARTS) else text
