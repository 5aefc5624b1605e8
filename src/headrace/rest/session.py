"""One database transaction for each request."""

import asyncio
from collections.abc import AsyncIterator, Awaitable, Callable
from typing import Annotated

from anyio import CancelScope
from fastapi import Depends, Request
from fastapi.concurrency import run_in_threadpool
from sqlalchemy.orm import Session, sessionmaker

from headrace.db.roles import step_back
from headrace.rest.acts import Witness, acting
from headrace.rest.idempotency import keep
from headrace.settings import Settings

_TURN = "turn"


class HeldTurn:
    """A request's turn at the database, which it may give back for a while."""

    def __init__(self, turns: asyncio.Semaphore) -> None:
        self._turns = turns
        self._is_held = False

    async def take(self) -> None:
        """Wait until fewer requests are at the database than it has connections for."""
        await self._turns.acquire()
        self._is_held = True

    def give_back(self) -> None:
        """Let another request to the database; in the event loop only."""
        if self._is_held:
            self._is_held = False
            self._turns.release()


BeforeTurn = Callable[[Request], Awaitable[None]]
"""What a request has to wait for before it asks for a turn: verifying a password."""


async def request_session(request: Request) -> AsyncIterator[Session]:
    """Open the request's transaction once it has a turn; it commits before the answer is sent.

    The threads that answer are shared: if all of them waited for a connection, none would be left
    to let those that hold one go on. A request that calls out commits in between and goes on in
    another transaction (`rest.outside`). Threads are entered only for what asks the database: each
    entry costs as much as a small statement.
    """
    before_turn: BeforeTurn | None = getattr(request.app.state, "before_turn", None)
    if before_turn is not None:
        await before_turn(request)
    turn = HeldTurn(request.app.state.turns)
    await turn.take()
    try:
        sessions: sessionmaker[Session] = request.app.state.sessions
        session = sessions(info={_TURN: turn})
        try:
            yield session
            await run_in_threadpool(_commit, request, session)
        finally:
            if session.in_transaction():
                with CancelScope(shield=True):
                    await run_in_threadpool(session.close)
            else:
                session.close()
    finally:
        turn.give_back()


def turn_of(session: Session) -> HeldTurn:
    """Return the turn that the request of a session holds."""
    turn: HeldTurn = session.info[_TURN]
    return turn


def _commit(request: Request, session: Session) -> None:
    conclude(request, session)
    session.commit()


# Function scope matters: by default FastAPI ends a dependency after the answer has been sent, and
# a client could then read its own write before it is committed.
DbSession = Annotated[Session, Depends(request_session, scope="function")]


def conclude(request: Request, session: Session) -> None:
    """Write down, in the request's own transaction, that it was carried out and what it answered."""
    act = acting(request)
    if act is None or act.answer is None:
        return
    session.flush()
    witness: Witness | None = request.app.state.witness
    is_told = witness is not None and witness.wants(act)
    if not (act.key_digest or is_told):
        return
    # What the request did was one tenant's; what is written down of it is the server's.
    step_back(session)
    if act.key_digest:
        keep(session, act, request.app.state.resources.vault)
    if witness is not None and is_told:
        witness.succeeded(session, act)


def request_settings(request: Request) -> Settings:
    """The server's settings."""
    settings: Settings = request.app.state.settings
    return settings


AppSettings = Annotated[Settings, Depends(request_settings)]
