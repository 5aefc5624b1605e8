"""Watching over the runs that this process carries out: who cancels, pauses or outlasts them.

A run's thread looks at the database only when it has something to store, which may be hours apart.
So one thread for all of a process's runs asks every few seconds which of them are still ours, notes
how far they are, and stops those that take too long. A thread cannot be ended; what it waits for can:
whoever waits registers how (`Watch.ended_by`).
"""

import os
import platform
import threading
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from datetime import timedelta

import structlog
from sqlalchemy.orm import Session, sessionmaker

from headrace.db.engine import DATABASE_AWAY, transaction
from headrace.kit.outcomes import TryLater
from headrace.kit.told import Told, told
from headrace.runs import watch_queries
from headrace.runs.errors import RunLost

log = structlog.get_logger(__name__)

LOOK_SECONDS = 2.0
"""How often a worker looks after its runs: a cancelled one stops about so soon."""
_LEAVING_SECONDS = 60.0
_MOST_WORKER_CHARACTERS = 200


@dataclass(frozen=True)
class Patience:
    """How long one attempt may take, and how long it may show no progress."""

    attempt: timedelta
    silence: timedelta


class Watch:
    """One run in flight, as its own thread and the watching one see it.

    pause_asked: the subject was paused; the run stops between two parts of its work.
    """

    def __init__(self, run_id: int, fence: int, patience: Patience) -> None:
        self.run_id = run_id
        self.fence = fence
        self.pause_asked = False
        self.rows = 0
        self.noted_rows = 0
        self.began_at = self.moved_at = self._lap_at = time.monotonic()
        self.stopped_at: float | None = None
        self.is_given_up = False
        self._patience = patience
        self._verdict: Exception | None = None
        self._end: Callable[[], None] | None = None
        self._lock = threading.Lock()

    def check(self) -> None:
        """Go on only if nothing stands against it.

        Raises:
            RunLost: if the run was cancelled, or is another worker's.
            TryLater: if it takes too long.
        """
        if self._verdict is not None:
            raise self._verdict

    def progressed(self, rows: int = 0) -> None:
        """Note a sign of progress, and rows more of the part under way; raises as `check` does."""
        self.rows += rows
        self.moved_at = time.monotonic()
        self.check()

    def lap(self) -> float:
        """Begin a part of the work: count rows anew, return the seconds since the last one began."""
        before, self._lap_at = self._lap_at, time.monotonic()
        self.rows = 0
        self.moved_at = self._lap_at
        return self._lap_at - before

    @contextmanager
    def ended_by(self, end: Callable[[], None]) -> Iterator[None]:
        """In this block, `end` ends what the run waits for; it is called by another thread."""
        with self._lock:
            self._end = end
        try:
            self.check()
            yield
        finally:
            with self._lock:
                self._end = None

    def stop(self, verdict: Exception) -> None:
        """Let the run's thread meet a verdict as soon as can be; the first one stands."""
        with self._lock:
            if self._verdict is None:
                self._verdict = verdict
                self.stopped_at = time.monotonic()
            if self._end is not None:
                self._end()

    def overdue(self, now: float) -> TryLater | None:
        """Say in words what has taken too long, if anything has. now: by the monotonic clock."""
        for began, longest, said in (
            (self.began_at, self._patience.attempt, _took_longer),
            (self.moved_at, self._patience.silence, _was_silent),
        ):
            if now - began > longest.total_seconds():
                return TryLater(said(_minutes(longest)))
        return None


_watches: dict[tuple[int, int], Watch] = {}
GiveUp = Callable[[Watch, Exception], None]
_give_up: dict[tuple[int, int], GiveUp] = {}


@contextmanager
def watched_over(watch: Watch, give_up: GiveUp) -> Iterator[None]:
    """Have a run looked after for the length of a block.

    give_up: records the verdict for a thread that does not come back to do so itself.
    """
    key = (watch.run_id, watch.fence)
    _watches[key] = watch
    _give_up[key] = give_up
    try:
        yield
    finally:
        _watches.pop(key, None)
        _give_up.pop(key, None)


def look(sessions: sessionmaker[Session]) -> None:
    """Look after all runs of this process once."""
    watches = list(_watches.values())
    if not watches:
        return
    # A run that cannot be looked up goes on.
    with suppress(*DATABASE_AWAY), transaction(sessions) as session:
        _learn(session, watches)
    for watch in watches:
        verdict = watch.overdue(time.monotonic())
        if verdict is not None:
            watch.stop(verdict)
        _leave_behind(watch)


def _learn(session: Session, watches: list[Watch]) -> None:
    ours = watch_queries.running(session, [(watch.run_id, watch.fence) for watch in watches])
    for watch in watches:
        found = ours.get((watch.run_id, watch.fence))
        if found is None:
            watch.stop(RunLost())
        else:
            watch.pause_asked = found
    moved = [watch for watch in watches if watch.rows != watch.noted_rows]
    if moved:
        watch_queries.note_progress(session, {(one.run_id, one.fence): one.rows for one in moved})
        for watch in moved:
            watch.noted_rows = watch.rows


def _leave_behind(watch: Watch) -> None:
    """Settle a run whose thread does not return from what it does; the thread is lost meanwhile."""
    key = (watch.run_id, watch.fence)
    stuck = watch.stopped_at is not None and time.monotonic() - watch.stopped_at > _LEAVING_SECONDS
    give_up = _give_up.get(key)
    if stuck and give_up is not None and not watch.is_given_up:
        watch.is_given_up = True
        log.error("a run's thread does not end; the run goes on without it", run_id=watch.run_id)
        try:
            watch.check()
        except Exception as verdict:  # noqa: BLE001 - it is what was to be met
            give_up(watch, verdict)


def keep_looking(sessions: sessionmaker[Session], halted: threading.Event) -> None:
    """Look after this process's runs until told to stop."""
    while not halted.wait(LOOK_SECONDS):
        try:
            look(sessions)
        except Exception:
            log.exception("looking after runs broke; it comes back")


def worker_name() -> str:
    """Name this process as histories show it: machine and process id."""
    return f"{platform.node()}:{os.getpid()}"[-_MOST_WORKER_CHARACTERS:]


def _took_longer(span: Told) -> Told:
    return told(
        "One attempt took longer than {span}; it was stopped, and goes on from what is stored.",
        span=span,
    )


def _was_silent(span: Told) -> Told:
    return told(
        "Nothing came for {span}; it was stopped, and goes on from what is stored.", span=span
    )


def _minutes(span: timedelta) -> Told:
    minutes = span.total_seconds() / 60
    return told("{minutes} minutes", minutes=f"{minutes:g}") if minutes != 1 else told("a minute")
