"""Lets a request wait for somebody else's system while others use its place at the database."""

import contextvars
import queue
import threading
from collections import Counter
from collections.abc import Callable, Hashable
from typing import Annotated, TypeVar

from anyio import from_thread
from fastapi import Depends, Request
from sqlalchemy.orm import Session

from headrace.kit.outcomes import TryLater
from headrace.kit.told import told
from headrace.rest.errors import AppError
from headrace.rest.session import DbSession, HeldTurn, turn_of

Answer = TypeVar("Answer")

MOST_CALLS = 16
"""How many calls one web process has under way: each holds a thread of those that answer."""

MOST_CALLS_PER_KEY = 4
_RETRY_AFTER_SECONDS = 5


class TooManyCalls(AppError, status=429):
    """So many calls to data sources are under way that another would have to wait for long."""

    def __init__(self) -> None:
        super().__init__(
            told(
                "Too many requests of this workspace wait for their data sources; repeat this one "
                "when they have answered."
            ),
            headers={"Retry-After": str(_RETRY_AFTER_SECONDS)},
        )


class CallPlaces:
    """Counts the calls a process has under way, by key; safe to share between threads."""

    def __init__(self, most: int = MOST_CALLS, most_per_key: int = MOST_CALLS_PER_KEY) -> None:
        self._most = most
        self._most_per_key = most_per_key
        self._taken: Counter[Hashable] = Counter()
        self._lock = threading.Lock()

    def take(self, key: Hashable) -> None:
        """Take a place.

        Raises:
            TooManyCalls: if the key, or the process, has no more.
        """
        with self._lock:
            if self._taken[key] >= self._most_per_key or self._taken.total() >= self._most:
                raise TooManyCalls
            self._taken[key] += 1

    def leave(self, key: Hashable) -> None:
        """Give a place back."""
        with self._lock:
            self._taken[key] -= 1
            if not self._taken[key]:
                del self._taken[key]


class OutsideCalls:
    """What a request uses to ask somebody else's system; see `answer_of`."""

    def __init__(self, session: Session, turn: HeldTurn, places: CallPlaces) -> None:
        self._session = session
        self._turn = turn
        self._places = places

    def answer_of(self, work: Callable[[], Answer], *, key: Hashable, seconds: float) -> Answer:
        """Do work that asks somebody else, holding neither transaction nor turn meanwhile.

        The request's transaction is committed before; what follows is another one, in which what
        was read before may have changed: lock it and look again. The work must not use the session.
        It is waited for so long and then left to itself; it keeps its place until it ends, so that
        sources that never answer use up no more than the places of their own workspace.

        key: whose places it takes, usually the workspace's id.
        seconds: how long to wait.

        Raises:
            TooManyCalls: if there is no place; then nothing was committed.
            TryLater: if there is no answer in time.
            Exception: whatever the work raises.
        """
        self._places.take(key)
        try:
            self._session.commit()
            from_thread.run_sync(self._turn.give_back)
        except BaseException:
            self._places.leave(key)
            raise
        try:
            return self._waited_for(work, key, seconds)
        finally:
            from_thread.run(self._turn.take)

    def take_back(self) -> None:
        """Undo what the request did since its last call, for one that goes on to record a failure."""
        self._session.rollback()

    def _waited_for(self, work: Callable[[], Answer], key: Hashable, seconds: float) -> Answer:
        ended: queue.SimpleQueue[tuple[Answer | None, BaseException | None]] = queue.SimpleQueue()

        def carry_out() -> None:
            outcome: tuple[Answer | None, BaseException | None]
            try:
                outcome = (work(), None)
            except BaseException as error:  # noqa: BLE001 - handed to the waiting request
                outcome = (None, error)
            self._places.leave(key)
            ended.put(outcome)

        context = contextvars.copy_context()
        threading.Thread(target=context.run, args=(carry_out,), daemon=True).start()
        try:
            answer, error = ended.get(timeout=seconds)
        except queue.Empty:
            raise TryLater(
                told("The source gave no answer in {seconds:.0f} s.", seconds=seconds)
            ) from None
        if error is not None:
            raise error
        return answer  # type: ignore[return-value]  # without an error it is the work's answer


def outside_calls(request: Request, session: DbSession) -> OutsideCalls:
    """The request's way to ask somebody else's system."""
    places: CallPlaces = request.app.state.call_places
    return OutsideCalls(session, turn_of(session), places)


CallsOutside = Annotated[OutsideCalls, Depends(outside_calls)]
