"""Pooled connections are tested before use: F17, at the price of a look."""

import time
from typing import Any

import pytest
from sqlalchemy import Engine, event, text

from headrace.db.engine import DATABASE_AWAY, make_engine, session_maker, transaction
from headrace.db.roles import SYSTEM


@pytest.fixture
def engine(shared_engine: Engine) -> Any:
    """An engine of one connection, to the database of the other tests."""
    url = shared_engine.url.render_as_string(hide_password=False)
    engine = make_engine(url, pool_size=1, role=SYSTEM)
    yield engine
    engine.dispose()


@pytest.fixture
def questions(engine: Engine, monkeypatch: pytest.MonkeyPatch) -> list[Any]:
    """The connections that were asked whether they live."""
    asked: list[Any] = []
    ping = engine.dialect.do_ping

    def note(connection: Any) -> bool:
        asked.append(connection)
        return ping(connection)

    monkeypatch.setattr(engine.dialect, "do_ping", note)
    return asked


def backend(engine: Engine) -> int:
    with transaction(session_maker(engine)) as session:
        return int(session.scalar(text("SELECT pg_backend_pid()")) or 0)


def end(other: Engine, pid: int) -> None:
    """End a connection at the server, and wait until it is gone."""
    gone = text("SELECT NOT EXISTS (SELECT FROM pg_stat_activity WHERE pid = :pid)")
    with other.connect() as connection:
        connection.execute(text("SET ROLE NONE"))
        connection.execute(text("SELECT pg_terminate_backend(:pid)"), {"pid": pid})
        while not connection.scalar(gone, {"pid": pid}):
            time.sleep(0.01)
            connection.rollback()


def test_a_connection_that_its_server_ended_is_replaced(
    engine: Engine, shared_engine: Engine, questions: list[Any]
) -> None:
    first = backend(engine)
    end(shared_engine, first)

    assert backend(engine) != first
    assert len(questions) == 1


def test_a_database_that_ends_new_connections_too_is_away_and_comes_back(
    engine: Engine, shared_engine: Engine
) -> None:
    """As one does that restarts: to replace the connection helps nothing, and is no misuse."""
    end(shared_engine, backend(engine))

    def refuse(connection: Any, _: object) -> None:
        end(shared_engine, connection.info.backend_pid)

    event.listen(engine, "connect", refuse)
    for _ in range(2):
        with pytest.raises(DATABASE_AWAY):
            backend(engine)
    event.remove(engine, "connect", refuse)

    assert backend(engine)


def test_a_connection_that_lives_is_used_without_a_question(
    engine: Engine, questions: list[Any]
) -> None:
    assert backend(engine) == backend(engine)
    assert not questions
