"""Transactions that lose to others: tried again where that is right, refused in words otherwise."""

import threading
from collections.abc import Iterator

import psycopg
import pytest
from fastapi import APIRouter
from fastapi.testclient import TestClient
from sqlalchemy import text

from fakes.callers import AgencyFake
from headrace.access.guards import allows_agency
from headrace.access.permissions import Permission
from headrace.app import create_app
from headrace.db.engine import plain_dsn
from headrace.rest.api_route import ApiRoute
from headrace.rest.resources import Resources, open_resources
from headrace.rest.session import DbSession
from headrace.settings import Settings

router = APIRouter(route_class=ApiRoute)
_LOCK = text("SELECT pg_advisory_xact_lock(:key)")
_WAITS = "SELECT count(*) FROM pg_stat_activity WHERE wait_event_type = 'Lock' AND datname = %s"


class Attempts:
    """Counts how often the endpoint was carried out; tells when it holds its first lock."""

    def __init__(self) -> None:
        self.count = 0
        self.holds = threading.Event()
        self.go_on = threading.Event()


ATTEMPTS = Attempts()


@router.post("/api/v3/deadlock", dependencies=[allows_agency(Permission.ADMIN_VIEW)])
def deadlock(session: DbSession) -> dict[str, int]:
    """Take lock 1, then lock 2, while the test does it the other way round."""
    ATTEMPTS.count += 1
    session.execute(_LOCK, {"key": 1})
    ATTEMPTS.holds.set()
    ATTEMPTS.go_on.wait(60)
    session.execute(_LOCK, {"key": 2})
    return {"attempts": ATTEMPTS.count}


@router.post("/api/v3/lost", dependencies=[allows_agency(Permission.ADMIN_VIEW)])
def lost(session: DbSession) -> None:
    """Lose to another transaction at each attempt."""
    ATTEMPTS.count += 1
    session.execute(text("DO $$ BEGIN RAISE serialization_failure; END $$"))


@router.post("/api/v3/slow", dependencies=[allows_agency(Permission.ADMIN_VIEW)])
def slow(session: DbSession) -> None:
    """Take longer than the database allows."""
    session.execute(text("SET LOCAL statement_timeout = '1ms'"))
    session.execute(text("SELECT pg_sleep(1)"))


@pytest.fixture
def agency(settings: Settings, committed_database: str) -> Iterator[AgencyFake]:
    """An agency of a server that has the operations above too."""
    ATTEMPTS.__init__()  # type: ignore[misc]  # anew for each test
    with psycopg.connect(plain_dsn(committed_database), autocommit=True) as owner:
        # A superuser's setting; the server's own role may not change it.
        owner.execute(f"ALTER DATABASE {owner.info.dbname} SET deadlock_timeout = '10ms'")
    opened: Resources = open_resources(settings, committed_database, threads=4)
    app = create_app(settings, opened)
    app.include_router(router)
    with TestClient(app, raise_server_exceptions=False) as client:
        yield AgencyFake.create(opened, client)
    opened.engine.dispose()


def test_the_victim_of_a_deadlock_is_carried_out_again(  # F40
    agency: AgencyFake, committed_database: str
) -> None:
    answers = []
    asking = threading.Thread(
        target=lambda: answers.append(agency.call("POST", "/api/v3/deadlock"))
    )
    with psycopg.connect(plain_dsn(committed_database)) as other:
        other.execute("SET deadlock_timeout = '1h'")  # the other one is the victim
        other.execute("SELECT pg_advisory_xact_lock(2)")
        asking.start()
        ATTEMPTS.holds.wait(60)
        waiter = threading.Thread(target=lambda: other.execute("SELECT pg_advisory_xact_lock(1)"))
        waiter.start()
        with psycopg.connect(plain_dsn(committed_database), autocommit=True) as watching:
            while watching.execute(_WAITS, [watching.info.dbname]).fetchone() == (0,):
                assert asking.is_alive(), answers
                watching.execute("SELECT pg_sleep(0.01)")
        ATTEMPTS.go_on.set()
        waiter.join()
        other.rollback()
    asking.join()
    assert answers[0].status_code == 200, answers[0].text
    assert answers[0].json()["attempts"] > 1


def test_a_request_that_always_loses_ends(agency: AgencyFake) -> None:  # F40
    answer = agency.call("POST", "/api/v3/lost")
    assert answer.status_code == 503
    assert answer.headers["Retry-After"] == "2"
    assert "nothing was changed" in answer.json()["details"]
    assert ATTEMPTS.count == 4


def test_a_statement_that_takes_too_long_is_no_fault(agency: AgencyFake) -> None:
    answer = agency.call("POST", "/api/v3/slow")
    assert answer.status_code == 503
    assert set(answer.json()) == {"details"}
