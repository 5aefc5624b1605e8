"""Queueing runs of extracts; a request that joins a waiting run widens it to what it asks for."""

from collections.abc import Sequence
from typing import Any

from sqlalchemy.orm import Session

from headrace.connections import limits
from headrace.connections.models import Connection, ConnectionStatus
from headrace.extracts.models import Extract
from headrace.extracts.queries import KIND, with_connections
from headrace.extracts.windows import joined_params
from headrace.runs import service as runs
from headrace.runs.models import ScheduleRow
from headrace.runs.service import NewRun
from headrace.tenancy.scope import WorkspaceScope


def start(
    session: Session, scope: WorkspaceScope, extract: Extract, trigger: str, **params: Any
) -> None:
    """Queue a run of an extract: of the usual days, or of those that `params` say.

    params: `date_from` and `date_to` of a dated run, `lookback_window` of a scheduled one; what is
        None is left out.
    """
    connection = session.get_one(Connection, extract.connection_id)
    new = _new_run(extract.id, extract.account_id, connection, trigger, params)
    runs.start(session, scope, new, joined_params)


def due_many(session: Session, schedules: Sequence[ScheduleRow]) -> dict[int, NewRun]:
    """Name the runs that due schedules of extracts start, as `service.start_due` does for one."""
    ids = {int(row.subject_id) for row in schedules}
    found = {
        extract.id: (extract, connection) for extract, connection in with_connections(session, ids)
    }
    news = {}
    for row in schedules:
        extract, connection = found.get(int(row.subject_id), (None, None))
        if extract is None or connection is None or extract.workspace_id != row.workspace_id:
            continue
        if connection.status == ConnectionStatus.ACTIVE:
            asked = {"lookback_window": row.rule.get("lookback_window")}
            news[row.id] = _new_run(extract.id, extract.account_id, connection, "schedule", asked)
    return news


def _new_run(
    extract_id: int, account_id: int, connection: Connection, trigger: str, params: dict[str, Any]
) -> NewRun:
    return NewRun(
        kind=KIND,
        subject_id=str(extract_id),
        **limits.keys_of(connection),
        account_key=f"account:{account_id}",
        trigger=trigger,
        params={name: value for name, value in params.items() if value is not None},
    )
