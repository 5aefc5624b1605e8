"""Which waiting runs begin, which schedules are due, who works: the SQL of the schedulers."""

from collections.abc import Iterator, Mapping, Sequence
from datetime import datetime, timedelta
from functools import cache
from typing import Any
from uuid import UUID

from sqlalchemy import (
    ARRAY,
    ColumnElement,
    Float,
    FromClause,
    Integer,
    Row,
    Select,
    Subquery,
    Text,
    and_,
    bindparam,
    case,
    cast,
    delete,
    exists,
    func,
    literal,
    or_,
    select,
    union_all,
    update,
)
from sqlalchemy.dialects.postgresql import insert
from sqlalchemy.orm import InstrumentedAttribute, Session

from headrace.db.prepared import Prepared, prepared
from headrace.runs.limits import APP, CONNECTION, CREDENTIAL, DESTINATION, PLACE, Limits
from headrace.runs.models import FRESH_SQL, LIVE, Pause, Run, RunStatus, ScheduleRow, WorkerProcess

_ADMISSION_LOCK = 0x48454144  # any constant: one admission at a time over the whole database
_MEMORY = "32MB"
_LOOKED_AT = 50_000  # of a longer queue; runs that a limit or a pause holds back do not count

_COLUMNS: tuple[Any, ...] = (
    Run.id, Run.workspace_id, Run.lane, Run.limit_key, Run.credential_key, Run.system_key,
    Run.priority, Run.due_at,
)  # fmt: skip


def take_admission_turn(session: Session) -> bool:
    """Whether this transaction is the one that admits; others need not wait for it."""
    # Sorting a long queue in memory, instead of in files, halves what its admission takes.
    memory = func.set_config("work_mem", _MEMORY, True)
    return bool(session.scalar(select(func.pg_try_advisory_xact_lock(_ADMISSION_LOCK), memory)))


def admit_due(
    session: Session, at_most: int, limits: Limits, *, only_firsts: bool = False
) -> Sequence[Row[*tuple[Any, ...]]]:
    """Admit due runs under every limit, taking workspaces in turn; return id, fence, turn.

    A run's rank is its place among the runs that share something with it and are under way or could
    begin before it; it is admitted while each of its ranks is within the limit. What one limit holds
    back takes no place under the next, wider one. Its rank in its workspace is its turn: the first
    run of every workspace goes before the second of any, also where workspaces share an application
    or a place. A run that a request has locked is left for the next time: to wait for it could be a
    deadlock.

    only_firsts: admit only for workspaces that have no run under way.
    """
    statement = _admission(limits, 1 if only_firsts else limits.per_workspace)
    return statement.execute(session, {"at_most": at_most}).all()


@cache
def _admission(limits: Limits, last_turn: int) -> Prepared:
    """The statement of `admit_due`, made once: to make it takes longer than to send it."""
    at_most = bindparam("at_most", required=False, type_=Integer)
    chosen = _admissible(limits, last_turn).limit(at_most).subquery()
    free = (
        select(Run.id, chosen.c.turn)
        .join(chosen, chosen.c.id == Run.id)
        .where(Run.status == RunStatus.WAITING)
        .with_for_update(skip_locked=True, of=Run)
        .cte("free")
    )
    admitted = (
        update(Run)
        .where(Run.id == free.c.id)
        .values(status=RunStatus.ADMITTED, fence=Run.fence + 1, admitted_at=func.clock_timestamp())
        .returning(Run.id, Run.fence, free.c.turn)
    )
    return prepared(admitted, "at_most")


def _admissible(limits: Limits, last_turn: int) -> Select[Any]:
    # Runs under way stand first in each rank, which counts them without a join: the planner, which
    # learns late how many they are, then has nothing to guess.
    under_way = select(*_COLUMNS, literal(1).label("is_live")).where(Run.status.in_(LIVE))
    rows: FromClause = union_all(under_way, _due(limits).subquery().select()).subquery()
    limit = _limit_of(rows.c.limit_key, limits, (CONNECTION, DESTINATION))
    rows = _within(rows, "limit_key", limit)
    rows = _within(rows, "lane", literal(1))
    limit = _limit_of(rows.c.credential_key, limits, (CREDENTIAL,))
    rows = _within(rows, "credential_key", limit)
    rows = _within(rows, "workspace_id", literal(last_turn), keeps="turn")
    turn = (rows.c.is_live.desc(), rows.c.turn, rows.c.due_at, rows.c.id)
    limit = _limit_of(rows.c.system_key, limits, (APP, PLACE))
    rows = _within(rows, "system_key", limit, order=turn)
    return (
        select(rows.c.id, rows.c.turn)
        .where(rows.c.is_live == 0)
        .order_by(rows.c.turn, rows.c.due_at)
    )


def _due(limits: Limits) -> Select[Any]:
    """Select the due runs that neither a full limit nor a pause holds back, oldest first."""
    blocked = union_all(*_blocked(limits)).cte("blocked")
    keys = (Run.limit_key, Run.credential_key, Run.system_key, Run.account_key)
    full = _full(Run.workspace_id, literal(limits.per_workspace))
    return (
        select(*_COLUMNS, literal(0).label("is_live"))
        .where(
            Run.status == RunStatus.WAITING,
            Run.due_at <= func.clock_timestamp(),
            Run.workspace_id.not_in(full),
            Run.lane.not_in(select(Run.lane).where(Run.status.in_(LIVE))),
            *(or_(key.is_(None), key.not_in(select(blocked.c.key))) for key in keys),
        )
        .order_by(Run.due_at)
        .limit(_LOOKED_AT)
    )


def _blocked(limits: Limits) -> Iterator[Select[Any]]:
    """Select the keys that are full, and those that are paused."""
    for key, names in (
        (Run.limit_key, (CONNECTION, DESTINATION)),
        (Run.credential_key, (CREDENTIAL,)),
        (Run.system_key, (APP, PLACE)),
    ):
        yield _full(key, _limit_of(key, limits, names)).where(key.is_not(None))
    yield select(Pause.key.label("key")).where(Pause.until > func.clock_timestamp())


def _full(column: InstrumentedAttribute[Any], limit: ColumnElement[int]) -> Select[Any]:
    """Select the workspaces or keys that have as many runs under way as they may."""
    return (
        select(column.label("key"))
        .where(Run.status.in_(LIVE))
        .group_by(column)
        .having(func.count() >= limit)
    )


def _limit_of(
    key: ColumnElement[str] | InstrumentedAttribute[Any], limits: Limits, names: tuple[str, ...]
) -> ColumnElement[int]:
    """The limit of a key in SQL: that of its name and what follows, of its name, or the usual."""
    found = [
        (key.startswith(f"{name}:", autoescape=True), literal(limit))
        for name, limit in sorted(limits.by_name.items(), key=lambda item: -len(item[0]))
        if name.split(":")[0] in names
    ]
    return case(*found, else_=limits.other) if found else literal(limits.other)


def _within(
    rows: FromClause,
    column: str,
    limit: ColumnElement[int],
    *,
    order: tuple[ColumnElement[Any], ...] | None = None,
    keeps: str | None = None,
) -> Subquery:
    """Keep the rows under way, and those whose rank among equals of a column is within a limit.

    order: which of them go first; by default those that waited longest, the urgent before them.
    keeps: the name under which the rank goes on with the row.
    """
    order = order or (
        rows.c.is_live.desc(), rows.c.priority.desc(), rows.c.due_at, rows.c.id
    )  # fmt: skip
    rank = func.row_number().over(partition_by=rows.c[column], order_by=order)
    ranked = select(*rows.c, rank.label("rank"), limit.label("most")).subquery()
    kept = [item for item in ranked.c if item.key not in {"rank", "most"}]
    if keeps is not None:
        kept.append(ranked.c.rank.label(keeps))
    return (
        select(*kept)
        .where(
            or_(
                ranked.c.is_live == 1,
                ranked.c[column].is_(None),
                ranked.c.rank <= ranked.c.most,
            )
        )
        .subquery()
    )


def take_due_schedules(session: Session, now: datetime, limit: int) -> Sequence[ScheduleRow]:
    """Lock the schedules that are due, oldest first; those another scheduler holds are left out."""
    return session.scalars(
        select(ScheduleRow)
        .where(~ScheduleRow.is_paused, ScheduleRow.due_at <= now)
        .order_by(ScheduleRow.due_at)
        .limit(limit)
        .with_for_update(skip_locked=True)
    ).all()


def delay_new_runs(session: Session, since: datetime, spreads: Mapping[str, float]) -> None:
    """Let the runs that were asked for since a moment begin so many seconds later, by lane.

    Those that waited already, and were joined, stay as they are.
    """
    lanes = cast(list(spreads), ARRAY(Text))
    seconds = cast(list(spreads.values()), ARRAY(Float))
    spread = func.unnest(lanes, seconds).table_valued("lane", "seconds").render_derived()
    session.execute(
        update(Run)
        .where(Run.lane == spread.c.lane, FRESH_SQL, Run.created_at >= since)
        .values(due_at=Run.due_at + spread.c.seconds * timedelta(seconds=1))
        .execution_options(synchronize_session=False)
    )


# Workers: how many runs they can begin soon.


def see_worker(session: Session, worker_id: UUID, name: str, threads: int) -> None:
    """Write down that a worker lives, and forget those that were not seen for a day."""
    now = func.clock_timestamp()
    session.execute(
        insert(WorkerProcess)
        .values(id=worker_id, name=name, threads=threads, seen_at=now)
        .on_conflict_do_update(index_elements=["id"], set_={"seen_at": now, "threads": threads})
    )
    session.execute(delete(WorkerProcess).where(WorkerProcess.seen_at < now - timedelta(days=1)))


def forget_worker(session: Session, worker_id: UUID) -> None:
    """Write down that a worker takes no more runs."""
    session.execute(delete(WorkerProcess).where(WorkerProcess.id == worker_id))


def workload(session: Session, silence_seconds: float, just_seconds: float) -> Row[int, int, int]:
    """Return the threads of the workers that live, the runs under way, and those that just ended.

    silence_seconds: after which a worker counts as dead. just_seconds: how long ago just is.
    """
    now = func.clock_timestamp()
    threads = select(func.coalesce(func.sum(WorkerProcess.threads), 0)).where(
        WorkerProcess.seen_at > now - timedelta(seconds=silence_seconds)
    )
    live = select(func.count()).select_from(Run).where(Run.status.in_(LIVE))
    ended = (
        select(func.count())
        .select_from(Run)
        .where(Run.finished_at > now - timedelta(seconds=just_seconds))
    )
    return session.execute(
        select(threads.scalar_subquery(), live.scalar_subquery(), ended.scalar_subquery())
    ).one()


def is_any_due(session: Session) -> bool:
    """Whether runs are due that wait to be admitted, for whatever reason."""
    due = and_(Run.status == RunStatus.WAITING, Run.due_at <= func.clock_timestamp())
    return bool(session.scalar(select(exists().where(due))))


# Pauses: keys that the other side wants left alone.


def pause_key(session: Session, key: str, until: datetime, reason: str) -> None:
    """Leave a key alone until a moment, or until the later one it is left alone for already."""
    fresh = insert(Pause).values(key=key, until=until, reason=reason)
    session.execute(
        fresh.on_conflict_do_update(
            index_elements=["key"],
            set_={
                "until": fresh.excluded.until,
                "reason": fresh.excluded.reason,
                "created_at": func.clock_timestamp(),
            },
            where=Pause.until < fresh.excluded.until,
        )
    )


def pause_over(session: Session, keys: Sequence[str]) -> Pause | None:
    """Return the pause of any of these keys that is in force the longest, if there is one."""
    return session.scalar(
        select(Pause)
        .where(Pause.key.in_(keys), Pause.until > func.clock_timestamp())
        .order_by(Pause.until.desc())
        .limit(1)
    )


def delete_ended_pauses(session: Session) -> None:
    """Forget the pauses that ended a while ago."""
    session.execute(delete(Pause).where(Pause.until < func.clock_timestamp() - timedelta(hours=1)))
