"""Engines and sessions: one engine a process, one transaction a request or step."""

import select
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from typing import Any, TypeVar

import msgspec
import psycopg
import structlog
from sqlalchemy import Engine, create_engine, event
from sqlalchemy.exc import DisconnectionError, InterfaceError, InternalError, OperationalError
from sqlalchemy.exc import TimeoutError as PoolExhausted
from sqlalchemy.orm import Session, sessionmaker
from sqlalchemy.pool import ConnectionPoolEntry

from headrace.db.roles import HeldSession
from headrace.kit import clock

log = structlog.get_logger(__name__)
Result = TypeVar("Result")

DATABASE_AWAY = (OperationalError, InterfaceError, InternalError, PoolExhausted)
"""How a database that restarts, fails over, is full or overloaded shows itself."""
_IS_NEW = "is new"
_FIRST_PAUSE_SECONDS = 0.1
_LONGEST_PAUSE_SECONDS = 30.0

# The job engine lives in a schema of its own and calls its functions without naming it.
_OPTIONS = "-c timezone=UTC -c search_path=public,procrastinate"
_CONNECTION: dict[str, str | int] = {
    "application_name": "headrace",
    # A machine that vanished, or failed over, sends no word: notice within about a minute.
    "connect_timeout": 10,
    "keepalives_idle": 30,
    "keepalives_interval": 10,
    "keepalives_count": 3,
    "tcp_user_timeout": 60_000,
}


def _to_json(value: Any) -> str:
    return msgspec.json.encode(value).decode()


def _connection(role: str | None, **settings: str) -> dict[str, str | int]:
    chosen = settings if role is None else {"role": role, **settings}
    options = [_OPTIONS, *(f"-c {name}={value}" for name, value in chosen.items())]
    return _CONNECTION | {"options": " ".join(options)}


def make_engine(database_url: str, pool_size: int = 10, role: str | None = None) -> Engine:
    """Make the engine of a process: `pool_size` connections, each tested before use.

    A URL that names no driver gets psycopg 3. Connections work as `role`, one of `db.roles`, and
    fall back to it after every transaction; without it they are the login itself, which owns the
    tables: for migrations, and for databases that have no roles.
    """
    engine = create_engine(
        "postgresql+psycopg://" + database_url.split("://", 1)[1],
        pool_size=pool_size,
        max_overflow=0,
        hide_parameters=True,  # errors reach the log, and parameters may be secrets
        json_serializer=_to_json,
        json_deserializer=msgspec.json.decode,
        connect_args=_connection(role),
    )
    _test_before_use(engine)
    return engine


def _test_before_use(engine: Engine) -> None:
    """Replace pooled connections whose server is gone, as `pool_pre_ping` does, but ask only in doubt.

    A server that ends a connection says so, and so does the system for one that went silent (see
    the keepalives above): then there is something to read, though nothing was asked. To look costs
    microseconds where a question costs a round trip, a tenth of what a short transaction takes.

    One that was opened for this moment is not replaced: what it met is that the database is away. The
    pool would replace it too, and then report a misuse.
    """

    @event.listens_for(engine, "connect")
    def _note(_: object, record: ConnectionPoolEntry) -> None:
        record.info[_IS_NEW] = True

    @event.listens_for(engine, "checkout")
    def _look(connection: Any, record: ConnectionPoolEntry, _: object) -> None:
        is_new = record.info.pop(_IS_NEW, False)
        try:
            if has_something_to_read(connection):
                engine.dialect.do_ping(connection)
        except psycopg.Error as error:
            if is_new:
                raise
            raise DisconnectionError from error


def has_something_to_read(
    connection: psycopg.Connection[Any] | psycopg.AsyncConnection[Any],
) -> bool:
    """Whether the server sent something unasked: most often that it is gone."""
    poll = select.poll()
    poll.register(connection.fileno(), select.POLLIN)
    return bool(poll.poll(0))


def plain_dsn(database_url: str, role: str | None = None, **settings: str) -> str:
    """Return the URL as psycopg itself takes it, with the settings every connection of ours has.

    role: as `make_engine` has it. settings: further ones of PostgreSQL's, by name.
    """
    url = "postgresql://" + database_url.split("://", 1)[1]
    return psycopg.conninfo.make_conninfo(url, **_connection(role, **settings))


def session_maker(engine: Engine) -> sessionmaker[Session]:
    """Make sessions that keep loaded values after commit: answers render without a query."""
    return sessionmaker(engine, class_=HeldSession, expire_on_commit=False)


@contextmanager
def transaction(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One step: a session that commits at the end of the block, or leaves nothing behind."""
    with sessions() as session, session.begin():
        yield session


@contextmanager
def one_statement(sessions: sessionmaker[Session]) -> Iterator[Session]:
    """One step of a single statement, which commits by itself: one round trip instead of three."""
    with sessions() as session, session.begin():
        session.connection(execution_options={"isolation_level": "AUTOCOMMIT"})
        yield session


def insist(step: Callable[[], Result]) -> Result:
    """Do a step of its own transactions again until the database answers; return its result.

    For what must not be left undone because the database restarted just then.
    """
    pause = _FIRST_PAUSE_SECONDS
    while True:
        try:
            return step()
        except DATABASE_AWAY as error:
            log.warning("the database does not answer; trying again", reason=type(error).__name__)
        clock.sleep(pause)
        pause = min(_LONGEST_PAUSE_SECONDS, pause * 2)
