"""Which waiting runs begin, and which schedules are due: the SQL of the schedulers."""

from collections.abc import Sequence
from datetime import datetime
from typing import Any

from sqlalchemy import (
    FromClause,
    Row,
    Select,
    Subquery,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.orm import InstrumentedAttribute, Session

from headrace.runs.models import LIVE, Run, RunStatus, ScheduleRow

_ADMISSION_LOCK = 0x48454144  # any constant: one admission at a time over the whole database
_LOOKED_AT = 50_000  # of a longer queue; runs that a full workspace or key holds back do not count


def take_admission_turn(session: Session) -> bool:
    """Whether this transaction is the one that admits; others need not wait for it."""
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_ADMISSION_LOCK))))


def admit_due(
    session: Session, limit: int, per_workspace: int, per_key: int
) -> Sequence[Row[int, int, int]]:
    """Admit due runs under the limits, taking workspaces in turn; return id, fence, priority.

    A run's rank is its place among the runs of its limit key (or workspace) that are under way or
    could begin before it; it is admitted while the rank is within the limit. What a full key holds
    back takes no place in its workspace. Ordering by rank takes the first run of every workspace
    before the second of any. A run that a request has locked is left for the next turn: to wait
    for it could be a deadlock.
    """
    chosen = _admissible(per_workspace, per_key).limit(limit).scalar_subquery()
    free = (
        select(Run.id)
        .where(Run.id.in_(chosen), Run.status == RunStatus.WAITING)
        .with_for_update(skip_locked=True)
        .cte("free")
    )
    return session.execute(
        update(Run)
        .where(Run.id == free.c.id)
        .values(status=RunStatus.ADMITTED, fence=Run.fence + 1, admitted_at=func.clock_timestamp())
        .returning(Run.id, Run.fence, Run.priority)
        .execution_options(synchronize_session=False)
    ).all()


def _admissible(per_workspace: int, per_key: int) -> Select[Any]:
    # Runs under way stand first in each rank, which counts them without a join: the planner, which
    # learns late how many they are, then has nothing to guess.
    columns = (Run.id, Run.workspace_id, Run.limit_key, Run.lane, Run.priority, Run.due_at)
    under_way = select(*columns, literal(1).label("is_live")).where(Run.status.in_(LIVE))
    due = (
        select(*columns, literal(0).label("is_live"))
        .where(
            Run.status == RunStatus.WAITING,
            Run.due_at <= func.clock_timestamp(),
            Run.workspace_id.not_in(_full(Run.workspace_id, per_workspace)),
            Run.limit_key.not_in(_full(Run.limit_key, per_key)),
        )
        .order_by(Run.due_at)
        .limit(_LOOKED_AT)
    )
    rows: FromClause = union_all(under_way, due.subquery().select()).subquery()
    for within, limit in (("lane", 1), ("limit_key", per_key)):
        ranked = _ranked(rows, within)
        rows = select(ranked).where(or_(ranked.c.rank <= limit, ranked.c.is_live == 1)).subquery()
    ranked = _ranked(rows, "workspace_id")
    return (
        select(ranked.c.id)
        .where(ranked.c.rank <= per_workspace, ranked.c.is_live == 0)
        .order_by(ranked.c.rank, ranked.c.due_at)
    )


def _full(column: InstrumentedAttribute[Any], limit: int) -> Select[Any]:
    """Select the workspaces or limit keys that have as many runs under way as they may."""
    return select(column).where(Run.status.in_(LIVE)).group_by(column).having(func.count() >= limit)


def _ranked(rows: FromClause, within: str) -> Subquery:
    """Number rows in the order in which they are to begin, within equals of a column."""
    order = (rows.c.is_live.desc(), rows.c.priority.desc(), rows.c.due_at, rows.c.id)
    rank = func.row_number().over(partition_by=rows.c[within], order_by=order)
    columns = [column for column in rows.c if column.key != "rank"]
    return select(*columns, rank.label("rank")).subquery()


def take_due_schedules(session: Session, now: datetime, limit: int) -> Sequence[ScheduleRow]:
    """Lock the schedules that are due, oldest first; those another scheduler holds are left out."""
    return session.scalars(
        select(ScheduleRow)
        .where(~ScheduleRow.is_paused, ScheduleRow.due_at <= now)
        .order_by(ScheduleRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()
