"""Workers that die at a chosen commit, or sleep after one: a kill and a stopped process, from inside."""

import threading
from collections.abc import Callable, Iterator
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


class SleepingWorker:
    """Carries something out in a thread of its own and falls asleep on the way, until woken.

    It sleeps after the commit that follows `passing` ones, when it holds no lock; or, with None,
    wherever `is_asleep` is set for it.
    """

    def __init__(
        self, sessions: sessionmaker[Session], act: Callable[[], None], passing: int | None
    ) -> None:
        self.is_asleep = threading.Event()
        self._woken = threading.Event()
        self._sessions = sessions
        self._left = passing
        self._thread = threading.Thread(target=self._carry_out, args=(act,), daemon=True)
        self._failures: list[BaseException] = []

    def start(self) -> bool:
        """Begin, and wait until it sleeps or has ended; whether it sleeps."""
        event.listen(self._sessions, "after_commit", self._after_commit)
        self._thread.start()
        while self._thread.is_alive() and not self.is_asleep.wait(0.002):
            pass
        event.remove(self._sessions, "after_commit", self._after_commit)
        self._raise()
        return self.is_asleep.is_set()

    def wake(self) -> None:
        """Let it go on to its end."""
        self._woken.set()
        self._thread.join()
        self._raise()

    def sleep(self) -> None:
        """Sleep until woken; called from the place where it is to happen."""
        self.is_asleep.set()
        self._woken.wait()

    def _after_commit(self, session: Session) -> None:
        if self._left is None or threading.current_thread() is not self._thread:
            return
        self._left -= 1
        if self._left == -1:
            self.sleep()

    def _carry_out(self, act: Callable[[], None]) -> None:
        try:
            act()
        except BaseException as failure:  # noqa: BLE001 - told to whoever wakes it
            self._failures.append(failure)

    def _raise(self) -> None:
        if self._failures:
            raise self._failures[0]
