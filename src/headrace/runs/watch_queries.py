"""The SQL of watching over runs in flight: one statement for all of a process's runs."""

from collections.abc import Mapping, Sequence

from sqlalchemy import BigInteger, Integer, column, func, select, tuple_, update, values
from sqlalchemy.orm import Session

from headrace.runs.models import Run, RunStatus

Held = tuple[int, int]
"""A run's id and fence."""


def running(session: Session, held: Sequence[Held]) -> dict[Held, bool]:
    """Return which of some runs are still carried out under these fences, and whether to pause."""
    rows = session.execute(
        select(Run.id, Run.fence, Run.pause_asked).where(
            tuple_(Run.id, Run.fence).in_(held), Run.status == RunStatus.RUNNING
        )
    )
    return {(row.id, row.fence): row.pause_asked for row in rows}


def note_progress(session: Session, rows: Mapping[Held, int]) -> None:
    """Note rows of the parts under way; a run that a step holds just now is left for next time."""
    told = values(
        column("run_id", BigInteger),
        column("fence", Integer),
        column("rows", BigInteger),
        name="told",
    ).data([(run_id, fence, count) for (run_id, fence), count in rows.items()])
    free = (
        select(Run.id, told.c.rows)
        .join(told, (told.c.run_id == Run.id) & (told.c.fence == Run.fence))
        .where(Run.status == RunStatus.RUNNING)
        .with_for_update(skip_locked=True, of=Run)
        .cte("free")
    )
    session.execute(
        update(Run)
        .where(Run.id == free.c.id)
        .values(progress_rows=free.c.rows, progress_at=func.clock_timestamp())
        .execution_options(synchronize_session=False)
    )
