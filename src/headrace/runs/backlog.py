"""Runs that have only history left: they let newer runs go before, and share out what is to be read."""

from sqlalchemy import exists, func, select
from sqlalchemy.orm import Session

from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.runs.models import FINISHED, FRESH_SQL, Run, RunWindow

BACKLOG_PRIORITY = -10
"""Of runs that have only history left: others begin before them."""


def is_awaited(session: Session, run: Run) -> bool:
    """Whether another run of the same subject is due and has not begun."""
    fresh = exists().where(Run.lane == run.lane, Run.due_at <= func.clock_timestamp(), FRESH_SQL)
    return bool(session.scalar(select(fresh)))


def planned_elsewhere(session: Session, run: Run) -> list[DayRange]:
    """Return the days that other unfinished runs of the same subject have still to read."""
    rows = session.execute(
        select(RunWindow.date_from, RunWindow.date_to)
        .join(Run, Run.id == RunWindow.run_id)
        .where(
            Run.workspace_id == run.workspace_id,
            Run.kind == run.kind,
            Run.subject_id == run.subject_id,
            Run.id != run.id,
            Run.status.not_in(FINISHED),
            ~RunWindow.is_done,
        )
    )
    return [DayRange(first, last) for first, last in rows if first and last]


def narrow(session: Session, window: RunWindow, left: list[DayRange]) -> None:
    """Have a window that is not done cover only these of its days; with none left it is done.

    What is not one range becomes windows of its own, after all others. What the window had
    remembered of its read is forgotten: it was of other days.
    """
    window.bookmark = None
    if not left:
        window.is_done = True
        window.finished_at = clock.now()
        return
    window.date_from, window.date_to = left[0].first, left[0].last
    last = select(func.max(RunWindow.position)).where(RunWindow.run_id == window.run_id)
    position: int = session.scalars(last).one()
    session.add_all(
        RunWindow(
            run_id=window.run_id,
            position=position + number,
            date_from=days.first,
            date_to=days.last,
        )
        for number, days in enumerate(left[1:], start=1)
    )
    session.flush()
