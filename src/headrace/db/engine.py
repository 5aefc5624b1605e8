"""Engines and sessions: one engine a process, one transaction a request or step."""

from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any

import msgspec
from sqlalchemy import Engine, create_engine
from sqlalchemy.orm import Session, sessionmaker


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def make_engine(database_url: str, pool_size: int = 10) -> Engine:
    """Make the engine of a process: `pool_size` connections, each tested before use.

    A URL that names no driver gets psycopg 3.
    """
    if database_url.startswith(("postgresql://", "postgres://")):
        database_url = "postgresql+psycopg://" + database_url.split("://", 1)[1]
    return create_engine(
        database_url,
        pool_size=pool_size,
        max_overflow=0,
        pool_pre_ping=True,
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
        connect_args={"application_name": "headrace", "options": "-c timezone=UTC"},
    )


def session_maker(engine: Engine) -> sessionmaker[Session]:
    """Make sessions that keep loaded values after commit: answers render without a query."""
    return sessionmaker(engine, expire_on_commit=False)


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One step: a session that commits at the end of the block, or leaves nothing behind."""
    with sessions() as session, session.begin():
        yield session
