"""The SQL of the dashboards of freshness and of pipeline health."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import Date, Integer, Row, Text, cast, func, select
from sqlalchemy.orm import Session

from headrace.connections.models import Connection
from headrace.data_tables.models import DataTable, SchemaChange
from headrace.destinations.models import DestinationConnection
from headrace.extracts.models import Extract
from headrace.extracts.queries import KIND as EXTRACT
from headrace.loads.models import Load
from headrace.loads.queries import KIND as LOAD
from headrace.runs.models import LIVE, Run, RunStatus, ScheduleRow
from headrace.runs.queries import subject_status
from headrace.tenancy.scope import WorkspaceScope, owned_columns


def tables(session: Session, scope: WorkspaceScope, limit: int, offset: int) -> Sequence[Row[Any]]:
    """Return a page of data tables by title: id, title, data source, date field, total of all."""
    columns: list[Any] = [
        DataTable.id,
        DataTable.title,
        DataTable.datasource_name,
        DataTable.date_field,
        func.count().over().label("total"),
    ]
    return session.execute(
        owned_columns(DataTable, scope, *columns)
        .order_by(func.lower(DataTable.title), DataTable.id)
        .limit(limit)
        .offset(offset)
    ).all()


def next_runs(session: Session, scope: WorkspaceScope) -> dict[int, datetime]:
    """Return when the next extraction into each data table is due; tables without one are left out."""
    rows = session.execute(
        owned_columns(Extract, scope, Extract.data_table_id, func.min(ScheduleRow.due_at))
        .join(
            ScheduleRow,
            (ScheduleRow.workspace_id == Extract.workspace_id)
            & (ScheduleRow.kind == EXTRACT)
            & (ScheduleRow.subject_id == cast(Extract.id, Text)),
        )
        .where(~ScheduleRow.is_paused, ~Extract.is_paused)
        .group_by(Extract.data_table_id)
    )
    return {row[0]: row[1] for row in rows}


def connections(session: Session, scope: WorkspaceScope) -> dict[str, int]:
    """Count connections that are not deleted by state."""
    rows = session.execute(
        owned_columns(Connection, scope, Connection.status, func.count())
        .where(Connection.deleted_at.is_(None))
        .group_by(Connection.status)
    )
    return {row[0]: row[1] for row in rows}


def broken_connections(session: Session, scope: WorkspaceScope, limit: int) -> Sequence[Row[Any]]:
    """Return connections that do not work any more: id, title, data source, error text."""
    columns = (
        Connection.id,
        Connection.title,
        Connection.datasource_name,
        Connection.error_text,
        Connection.error_told,
    )
    return session.execute(
        owned_columns(Connection, scope, *columns)
        .where(Connection.deleted_at.is_(None), Connection.status == "error")
        .order_by(Connection.id)
        .limit(limit)
    ).all()


def extracts(session: Session, scope: WorkspaceScope) -> dict[str, int]:
    """Count extracts by state."""
    return _counted(session, owned_columns(Extract, scope, _extract_state().label("state")))


def loads(session: Session, scope: WorkspaceScope) -> dict[str, int]:
    """Count loads by state."""
    return _counted(session, owned_columns(Load, scope, _load_state().label("state")))


def broken_extracts(session: Session, scope: WorkspaceScope, limit: int) -> Sequence[Row[Any]]:
    """Return extracts whose last run failed: id, title, state, error text, and their connection's."""
    columns: list[Any] = [
        Extract.id,
        Extract.title,
        _extract_state().label("state"),
        Extract.error_text,
        Extract.error_told,
        Extract.connection_id,
        Connection.status.label("connection_status"),
    ]
    return session.execute(
        owned_columns(Extract, scope, *columns)
        .join(Connection, Connection.id == Extract.connection_id)
        .where(Extract.error_text.is_not(None))
        .order_by(Extract.id)
        .limit(limit)
    ).all()


def broken_loads(session: Session, scope: WorkspaceScope, limit: int) -> Sequence[Row[Any]]:
    """Return loads whose last run failed: id, tables, state, error text, destination."""
    columns: list[Any] = [
        Load.id,
        Load.destination_table,
        DataTable.title.label("table_title"),
        DestinationConnection.title.label("destination_title"),
        _load_state().label("state"),
        Load.error_text,
        Load.error_told,
    ]
    return session.execute(
        owned_columns(Load, scope, *columns)
        .join(DataTable, DataTable.id == Load.data_table_id)
        .join(DestinationConnection, DestinationConnection.id == Load.destination_connection_id)
        .where(Load.error_text.is_not(None))
        .order_by(Load.id)
        .limit(limit)
    ).all()


def rows_moved(session: Session, scope: WorkspaceScope, since: datetime) -> Sequence[Row[Any]]:
    """Add up what runs that ended since a moment did: day (UTC), kind, rows written, failed runs."""
    day = cast(func.timezone("UTC", Run.finished_at), Date).label("day")
    failed = cast(Run.status == RunStatus.FAILED, Integer)
    columns: list[Any] = [
        day,
        Run.kind,
        func.sum(Run.rows_written).label("rows"),
        func.sum(failed).label("failed"),
    ]
    return session.execute(
        owned_columns(Run, scope, *columns)
        .where(Run.kind.in_((EXTRACT, LOAD)), Run.finished_at >= since)
        .group_by(day, Run.kind)
    ).all()


def queue(session: Session, scope: WorkspaceScope, now: datetime) -> Row[Any]:
    """Tell of runs: how many are under way, how many wait that could begin, since when the first."""
    is_due = (Run.status == RunStatus.WAITING) & (Run.due_at <= now)
    return session.execute(
        owned_columns(
            Run,
            scope,
            func.count().filter(Run.status.in_(LIVE)).label("running"),
            func.count().filter(is_due).label("waiting"),
            func.min(Run.due_at).filter(is_due).label("waiting_since"),
        ).where(Run.status.in_((*LIVE, RunStatus.WAITING)))
    ).one()


def schema_changes(session: Session, scope: WorkspaceScope, limit: int) -> Sequence[Row[Any]]:
    """Return the newest changes of data tables' columns, newest first."""
    columns: list[Any] = [
        SchemaChange.created_at,
        DataTable.id.label("data_table_id"),
        DataTable.title,
        SchemaChange.column,
        SchemaChange.change,
        SchemaChange.type_before,
        SchemaChange.type_after,
        SchemaChange.is_taken,
    ]
    return session.execute(
        owned_columns(SchemaChange, scope, *columns)
        .join(DataTable, DataTable.id == SchemaChange.data_table_id)
        .order_by(SchemaChange.id.desc())
        .limit(limit)
    ).all()


def _extract_state() -> Any:
    return subject_status(
        EXTRACT,
        Extract.workspace_id,
        Extract.id,
        Extract.is_paused,
        Extract.error_text,
        Extract.last_sync,
    )


def _load_state() -> Any:
    return subject_status(
        LOAD, Load.workspace_id, Load.id, Load.is_paused, Load.error_text, Load.last_update
    )


def _counted(session: Session, states: Any) -> dict[str, int]:
    found = states.subquery()
    rows = session.execute(select(found.c.state, func.count()).group_by(found.c.state))
    return {row[0]: row[1] for row in rows}
