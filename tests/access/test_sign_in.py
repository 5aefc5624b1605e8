"""Signing in with a password: guessing is slowed down, and waiting for it is in nobody's way."""

import asyncio
import statistics
import time
from base64 import b64encode
from collections.abc import Callable
from datetime import timedelta

import httpx
import pytest
from argon2 import PasswordHasher
from fastapi import FastAPI
from fastapi.testclient import TestClient
from sqlalchemy import select

from fakes.callers import PASSWORD, AgencyFake, WorkspaceFake, basic
from headrace.access import service as access
from headrace.access.models import User
from headrace.access.passwords import generate_password, hash_password, is_outdated, verify
from headrace.access.throttle import MOST_FAILURES, WINDOW, Failures
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.rest.resources import Resources
from headrace.settings import Settings

WORKSPACES = "/api/v3/workspaces"
Caller = Callable[[str], TestClient]

pytestmark = pytest.mark.usefixtures("slow_passwords")  # what they cost is the subject here


@pytest.fixture
def calling_from(client: TestClient) -> Caller:
    """A client of the same server at an address of one's choice."""
    return lambda address: TestClient(client.app, client=(address, 50_000))


def _status(client: TestClient, username: str, password: str = PASSWORD) -> int:
    return client.get(WORKSPACES, headers=basic(username, password)).status_code


def _guess(client: TestClient, username: str, times: int = MOST_FAILURES) -> list[int]:
    return [_status(client, username, f"wrong {number}") for number in range(times)]


def _unreadable(client: TestClient, value: str = "!!!") -> int:
    """Send credentials that cannot be read; they fail without the cost of a verification."""
    return client.get(WORKSPACES, headers={"Authorization": f"Basic {value}"}).status_code


def _new_user(agency: AgencyFake, resources: Resources) -> str:
    """Make a user who has never signed in."""
    username = f"{generate_password()}@example.com"
    with transaction(resources.sessions) as session:
        access.create_user(session, agency.agency_id, username, PASSWORD)
    return username


def test_guessing_at_an_account_is_slowed_down_and_opens_again(  # S31
    agency: AgencyFake, resources: Resources, calling_from: Caller
) -> None:
    victim = _new_user(agency, resources)
    near, far = calling_from("192.0.2.1"), calling_from("198.51.100.1")
    assert _guess(near, victim) == [401] * MOST_FAILURES
    for client in (near, far):  # the account is watched, wherever the guess comes from
        answer = client.get(WORKSPACES, headers=basic(victim, "wrong again"))
        assert answer.status_code == 429
        assert 1 <= int(answer.headers["Retry-After"]) <= WINDOW.total_seconds()
        assert "try again in" in answer.json()["details"]
        assert _status(client, victim) == 429  # nothing is learned from trying the right one
    with clock.shifted(WINDOW + timedelta(seconds=1)):
        assert _status(far, victim) == 200


def test_guessing_from_an_address_is_slowed_down(  # S31
    agency: AgencyFake, resources: Resources, calling_from: Caller
) -> None:
    victim, neighbour = (_new_user(agency, resources) for _ in range(2))
    near, far = calling_from("192.0.2.1"), calling_from("198.51.100.1")
    for number in range(3):
        assert _status(near, f"nobody{number}@example.com") == 401
    for _ in range(MOST_FAILURES - 3):
        assert _unreadable(near) == 401
    assert _status(near, victim, "wrong") == 429
    assert _status(far, neighbour) == 200  # another account, another address
    assert _status(far, victim) == 200


def test_addresses_of_one_network_count_as_one(  # S31
    agency: AgencyFake, calling_from: Caller
) -> None:
    for number in range(MOST_FAILURES):
        assert _unreadable(calling_from(f"2001:db8::{number:x}")) == 401
    assert _status(calling_from("2001:db8::ffff"), "somebody@x.test") == 429
    assert _status(calling_from("2001:db8:1::1"), "somebody@x.test") == 401


def test_credentials_that_cannot_be_read_count_too(calling_from: Caller) -> None:  # S31
    client = calling_from("192.0.2.1")
    for value in ("!!!", b64encode(b"\xff:x").decode(), b64encode(b"a\0:b").decode()) * 4:
        assert _unreadable(client, value) == 401
    assert _status(client, "somebody@x.test") == 429


def test_who_has_signed_in_is_not_locked_out_by_others(  # S31
    agency: AgencyFake, calling_from: Caller
) -> None:
    program, attacker = calling_from("192.0.2.1"), calling_from("198.51.100.1")
    assert _status(program, agency.username) == 200
    _guess(attacker, agency.username, MOST_FAILURES + 1)
    assert _status(attacker, agency.username, "wrong") == 429
    assert _status(program, agency.username) == 200
    assert _guess(program, agency.username, MOST_FAILURES)[-1] == 429


def test_failures_leave_the_window_one_by_one() -> None:
    failures = Failures(most=2, window=timedelta(seconds=60))
    failures.note("a", "b")
    with clock.shifted(timedelta(seconds=30)):
        failures.note("a")
        assert (failures.wait_seconds("b"), failures.wait_seconds("c")) == (0.0, 0.0)
        assert 29 < failures.wait_seconds("a", "b") <= 30
    with clock.shifted(timedelta(seconds=61)):
        assert failures.wait_seconds("a", "b") == 0.0
        failures.note("a")
        assert 28 < failures.wait_seconds("a") <= 30


def test_invented_names_do_not_fill_the_memory() -> None:
    failures = Failures()
    for number in range(3_000):
        with clock.shifted(timedelta(seconds=number)):
            failures.note(f"account {number}")
    assert len(failures) <= 1_100


# What a guess tells.


def test_a_stolen_hash_costs_a_guesser_what_owasp_asks_for_at_least() -> None:  # S33
    assert hash_password(PASSWORD).startswith("$argon2id$v=19$m=19456,t=2,p=1$")


def test_unknown_users_cost_as_much_as_known_ones() -> None:  # S32
    stored = hash_password(PASSWORD)

    def cost(password_hash: str | None) -> float:
        """CPU time of this thread alone, which a busy machine does not change much."""
        since = time.thread_time()
        assert not verify(password_hash, "wrong password")
        return time.thread_time() - since

    known, unknown = ([cost(each) for _ in range(7)] for each in (stored, None))
    ratio = statistics.median(known) / statistics.median(unknown)
    assert 0.5 < ratio < 2


def test_a_hash_of_old_parameters_is_renewed(  # S33
    client: TestClient, agency: AgencyFake, resources: Resources
) -> None:
    username = _new_user(agency, resources)
    old = PasswordHasher(time_cost=1, memory_cost=8, parallelism=1).hash(PASSWORD)
    assert is_outdated(old)

    def stored() -> str:
        with transaction(resources.sessions) as session:
            return session.scalars(
                select(User.password_hash).where(User.username == username)
            ).one()

    with transaction(resources.sessions) as session:
        access.user_named(session, username).password_hash = old
    assert _status(client, username, "wrong") == 401
    assert stored() == old
    assert _status(client, username) == 200
    assert not is_outdated(stored())
    assert [_status(client, username) for _ in range(2)] == [200, 200]
    assert verify(stored(), PASSWORD)


# Whoever waits for a verification.


def test_waiting_for_a_password_holds_no_turn(
    settings: Settings, resources: Resources, workspace: WorkspaceFake, agency: AgencyFake
) -> None:  # S31
    app = create_app(settings.model_copy(update={"web_threads": 1}), resources)
    bearer, password = workspace.headers, agency.headers

    async def meet() -> list[int]:
        verifying = app.state.access.sign_ins._verifying
        for _ in range(2):  # as many as there may be at once
            await verifying.acquire()
        async with _asynchronous(app) as client:
            waiting = [
                asyncio.ensure_future(client.get(WORKSPACES, headers=password)) for _ in range(20)
            ]
            other = await client.get("/api/v3/extracts", headers=bearer)
            assert not any(each.done() for each in waiting)
            for _ in range(2):
                verifying.release()
            return [
                other.status_code,
                *(each.status_code for each in await asyncio.gather(*waiting)),
            ]

    assert asyncio.run(meet()) == [200] * 21


def _asynchronous(app: FastAPI) -> httpx.AsyncClient:
    return httpx.AsyncClient(
        transport=httpx.ASGITransport(app), base_url="http://testserver", timeout=60
    )


def test_one_pair_in_many_requests_is_verified_once(
    settings: Settings, resources: Resources, agency: AgencyFake
) -> None:
    app = create_app(settings.model_copy(update={"web_threads": 1}), resources)

    async def crowd() -> set[int]:
        async with _asynchronous(app) as client:
            asked = [client.get(WORKSPACES, headers=agency.headers) for _ in range(20)]
            return {each.status_code for each in await asyncio.gather(*asked)}

    since = time.process_time()
    hash_password(PASSWORD)
    one = time.process_time() - since
    since = time.process_time()
    assert asyncio.run(crowd()) == {200}
    # Twenty verifications would cost twenty hashes; the requests themselves cost a few.
    assert time.process_time() - since < 20 * one
