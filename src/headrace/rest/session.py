"""One database transaction for each request."""

import asyncio
from collections.abc import AsyncIterator, Iterator
from typing import Annotated

from fastapi import Depends, Request
from sqlalchemy.orm import Session

from headrace.db.engine import transaction
from headrace.settings import Settings


async def request_turn(request: Request) -> AsyncIterator[None]:
    """Wait until fewer requests are at the database than it has connections for.

    The threads that answer are shared: if all of them waited for a connection, none would be left
    to let those that hold one go on.
    """
    turns: asyncio.Semaphore = request.app.state.turns
    async with turns:
        yield


Turn = Annotated[None, Depends(request_turn, scope="function")]


def request_session(request: Request, _: Turn) -> Iterator[Session]:
    """Open the request's transaction; it commits before the answer is sent."""
    with transaction(request.app.state.sessions) as session:
        yield session


# Function scope matters: by default FastAPI ends a dependency after the answer has been sent, and
# a client could then read its own write before it is committed.
DbSession = Annotated[Session, Depends(request_session, scope="function")]


def request_settings(request: Request) -> Settings:
    """The server's settings."""
    settings: Settings = request.app.state.settings
    return settings


AppSettings = Annotated[Settings, Depends(request_settings)]
