"""Workers that die before or after a chosen commit: what a kill looks like from inside."""

from collections.abc import Iterator
from contextlib import contextmanager, suppress

from sqlalchemy import event
from sqlalchemy.orm import Session, sessionmaker

from fakes.memory_loader import WorkerDied


@contextmanager
def dying_at_commit(
    sessions: sessionmaker[Session], passing: int | None, *, is_stored: bool
) -> Iterator[None]:
    """Let whoever works in the block die at the commit after `passing` ones; None: not at all.

    is_stored: whether that commit still happens.
    """
    if passing is None:
        yield
        return
    name, left = ("after_commit" if is_stored else "before_commit"), passing

    def die(session: Session) -> None:
        nonlocal left
        left -= 1
        if left == -1:
            raise WorkerDied

    event.listen(sessions, name, die)
    try:
        with suppress(WorkerDied):
            yield
    finally:
        event.remove(sessions, name, die)
