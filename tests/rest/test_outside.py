"""A request that waits for a data source keeps nobody else from the database."""

import asyncio
import threading
from collections.abc import Iterator
from concurrent.futures import ThreadPoolExecutor
from dataclasses import dataclass, field

import pytest
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import Engine, text

from headrace.db.engine import make_engine, session_maker
from headrace.kit.outcomes import Refused
from headrace.rest import errors
from headrace.rest.errors import AppError
from headrace.rest.outside import CallPlaces, CallsOutside, TooManyCalls
from headrace.rest.session import DbSession

PATIENCE_SECONDS = 60
Answer = dict[str, object]


@dataclass
class Source:
    """Somebody else's system, which answers when told to."""

    asked: threading.Semaphore = field(default_factory=lambda: threading.Semaphore(0))
    may_answer: threading.Event = field(default_factory=threading.Event)

    def answer(self) -> str:
        """Wait until told to answer."""
        self.asked.release()
        assert self.may_answer.wait(PATIENCE_SECONDS)
        return "answer"

    def wait_until_asked(self) -> None:
        """Return when one more question has arrived."""
        assert self.asked.acquire(timeout=PATIENCE_SECONDS)


def refuse() -> str:
    raise Refused("The source says no.")


@pytest.fixture
def source() -> Iterator[Source]:
    """A source; whoever still waits for it at the end is let go."""
    source = Source()
    yield source
    source.may_answer.set()


@pytest.fixture
def engine(committed_database: str) -> Iterator[Engine]:
    """An engine with one connection and a table to write to."""
    engine = make_engine(committed_database, pool_size=1)
    with engine.begin() as connection:
        connection.execute(text("CREATE TABLE note (said text)"))
    yield engine
    engine.dispose()


@pytest.fixture
def client(engine: Engine, source: Source) -> Iterator[TestClient]:
    """An application with one turn at the database and two places for calls of a key."""
    app = FastAPI()
    app.state.turns = asyncio.Semaphore(1)
    app.state.sessions = session_maker(engine)
    app.state.call_places = CallPlaces(most=3, most_per_key=2)
    errors.install(app)

    @app.post("/calls/{key}")
    def call(key: str, session: DbSession, outside: CallsOutside, seconds: float = 60) -> Answer:
        session.execute(text("INSERT INTO note VALUES ('before')"))
        found = outside.answer_of(source.answer, key=key, seconds=seconds)
        session.execute(text("INSERT INTO note VALUES ('after')"))
        return {"found": found}

    @app.post("/refused")
    def refused(session: DbSession, outside: CallsOutside) -> Answer:
        session.execute(text("INSERT INTO note VALUES ('before')"))
        try:
            outside.answer_of(refuse, key="k", seconds=60)
        except Refused as error:
            session.execute(text("INSERT INTO note VALUES ('refused')"))
            raise AppError(str(error)) from error
        return {}

    @app.get("/notes")
    def notes(session: DbSession) -> Answer:
        return {"notes": session.scalars(text("SELECT said FROM note ORDER BY 1")).all()}

    with TestClient(app, raise_server_exceptions=False) as client:
        yield client


def test_others_go_on_while_a_request_waits(client: TestClient, source: Source) -> None:  # S91
    with ThreadPoolExecutor(1) as aside:
        waiting = aside.submit(client.post, "/calls/a")
        source.wait_until_asked()
        assert client.get("/notes").json() == {"notes": ["before"]}
        source.may_answer.set()
        assert waiting.result().json() == {"found": "answer"}
    assert client.get("/notes").json() == {"notes": ["after", "before"]}


def test_places_are_limited_for_each_key_and_in_all(client: TestClient, source: Source) -> None:
    with ThreadPoolExecutor(4) as aside:
        waiting = [aside.submit(client.post, f"/calls/{key}") for key in ("a", "a", "b")]
        for _ in waiting:
            source.wait_until_asked()
        refused = client.post("/calls/a")
        assert refused.status_code == 429
        assert refused.headers["Retry-After"] == "5"
        assert client.post("/calls/c").status_code == 429
        source.may_answer.set()
        assert [item.result().status_code for item in waiting] == [200, 200, 200]
    assert client.post("/calls/a").status_code == 200
    assert client.get("/notes").json() == {"notes": ["after"] * 4 + ["before"] * 4}


def test_a_refused_call_can_still_write_and_is_undone_by_the_requests_own_error(
    client: TestClient,
) -> None:
    assert client.post("/refused").json() == {"details": "The source says no."}
    assert client.get("/notes").json() == {"notes": ["before"]}


def test_a_source_that_never_answers_keeps_its_place_and_nothing_else(
    client: TestClient, source: Source
) -> None:
    for _ in range(2):
        assert client.post("/calls/a", params={"seconds": 0.01}).status_code == 500
    assert client.post("/calls/a").status_code == 429
    assert client.get("/notes").json() == {"notes": ["before", "before"]}
    source.may_answer.set()


def test_places_that_are_left_can_be_taken_again() -> None:
    places = CallPlaces(most=1, most_per_key=1)
    for key in ("a", "b"):
        places.take(key)
        with pytest.raises(TooManyCalls):
            places.take("c")
        places.leave(key)
