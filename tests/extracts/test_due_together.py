"""Schedules of many extracts that are due at once start the runs that each would start by itself."""

from typing import Any

from sqlalchemy import text

from fakes.pipelines import PipelineFake
from headrace.connections.models import Connection, ConnectionStatus
from headrace.db.engine import transaction
from headrace.extracts import service, starting
from headrace.extracts.models import Extract
from headrace.extracts.queries import KIND
from headrace.runs import scheduling
from headrace.runs.kinds import RunKind, kind_named, register
from headrace.runs.models import ScheduleRow

_MAKE_DUE = text("UPDATE schedule SET due_at = now() WHERE kind = 'extract'")
_FORGET = text("DELETE FROM run WHERE status = 'waiting'")
_RUNS = text(
    "SELECT workspace_id, kind, subject_id, trigger, lane, limit_key, credential_key, system_key, "
    "account_key, priority, params, status FROM run WHERE status = 'waiting' ORDER BY id"
)


def _fired(pipeline: PipelineFake) -> list[dict[str, Any]]:
    with transaction(pipeline.workspace.resources.sessions) as session:
        session.execute(_MAKE_DUE)
        assert scheduling.fire_schedules(session) == 1
        return [row._asdict() for row in session.execute(_RUNS)]


def test_together_or_singly_the_same_run_starts(pipeline: PipelineFake) -> None:  # F13, F17
    together = _fired(pipeline)
    with transaction(pipeline.workspace.resources.sessions) as session:
        session.execute(_FORGET)
    kind = kind_named(KIND)
    register(RunKind(KIND, kind.carry_out, kind.failed, due=service.start_due))
    try:
        singly = _fired(pipeline)
    finally:
        register(kind)
    assert len(together) == 1
    assert together == singly


def test_a_run_that_waits_is_joined(pipeline: PipelineFake) -> None:  # F14
    assert len(_fired(pipeline)) == 1
    (run,) = _fired(pipeline)
    assert run["lane"] == f"extract:{pipeline.extract_id}"


def test_a_connection_that_does_not_work_is_not_asked(pipeline: PipelineFake) -> None:  # F08
    with transaction(pipeline.workspace.resources.sessions) as session:
        connection = session.get_one(Connection, pipeline.connection_id)
        connection.status = ConnectionStatus.ERROR
    assert _fired(pipeline) == []


def test_no_schedule_starts_the_extract_of_another_workspace(pipeline: PipelineFake) -> None:
    with transaction(pipeline.workspace.resources.sessions) as session:
        extract = session.get_one(Extract, pipeline.extract_id)
        mine = ScheduleRow(
            id=1, workspace_id=extract.workspace_id, subject_id=str(extract.id), rule={}
        )
        foreign = ScheduleRow(
            id=2, workspace_id=extract.workspace_id + 1, subject_id=str(extract.id), rule={}
        )
        assert set(starting.due_many(session, [mine, foreign])) == {1}
