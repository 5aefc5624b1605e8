"""Several dispatchers, and thousands of deliveries: on a database of its own, over real sockets."""

import threading
from collections.abc import Iterator
from dataclasses import replace
from typing import Any

import pytest
import uvloop
from fastapi.testclient import TestClient
from sqlalchemy import text

from fakes.callers import AgencyFake
from fakes.certificates import ServerFiles
from fakes.receiver import Receiver, Reply, receiving
from fakes.server import eventually
from headrace.app import create_app
from headrace.db.engine import transaction
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings
from headrace.webhooks import dispatcher, queue
from headrace.webhooks.dispatcher import Dispatcher
from headrace.webhooks.sending import Secrets, attempt
from webhooks.conftest import Hooks


@pytest.fixture
def database(settings: Settings, committed_database: str) -> Iterator[Resources]:
    """The resources of a worker, on a database of the test's own."""
    opened = open_resources(settings, committed_database, threads=3)
    yield opened
    opened.engine.dispose()


@pytest.fixture
def hooks(settings: Settings, database: Resources) -> Iterator[Hooks]:
    """A workspace's program on that database."""
    with TestClient(create_app(settings, database)) as client:
        yield Hooks(AgencyFake.create(database, client).new_workspace())


@pytest.fixture
def other_hooks(hooks: Hooks) -> Hooks:
    """The program of a workspace of another agency."""
    workspace = hooks.workspace
    return Hooks(AgencyFake.create(workspace.resources, workspace.client).new_workspace())


class _Running:
    """Dispatchers in threads of their own, as workers have them."""

    def __init__(self, resources: Resources, url: str, count: int) -> None:
        self._halted = threading.Event()
        self._threads = [
            threading.Thread(target=dispatcher.run, args=(resources, url, self._halted))
            for _ in range(count)
        ]
        for thread in self._threads:
            thread.start()

    def stop(self) -> None:
        self._halted.set()
        for thread in self._threads:
            thread.join()


def _count(resources: Resources, statement: str) -> int:
    with transaction(resources.sessions) as session:
        return int(session.scalar(text(statement)) or 0)


def test_two_dispatchers_deliver_each_event_once(
    hooks: Hooks, database: Resources, committed_database: str, receiver: Receiver
) -> None:
    hooks.verified(receiver.url(), "load_completed")
    running = _Running(database, committed_database, 2)
    try:
        for number in range(100):
            hooks.happen(rows=number)
        eventually(
            lambda: (
                _count(database, "SELECT count(*) FROM webhook_delivery WHERE status = 'delivered'")
                == 100
            ),
            "all are delivered",
        )
    finally:
        running.stop()
    keys = [got.header("webhook-id") for got in receiver.deliveries]
    assert (len(keys), len(set(keys))) == (100, 100)
    assert _count(database, "SELECT count(*) FROM webhook_queue") == 0


def test_a_slow_endpoint_with_ten_thousand_events_delays_nobody(
    hooks: Hooks,
    other_hooks: Hooks,
    database: Resources,
    committed_database: str,
    receiver: Receiver,
    server_files: ServerFiles,
) -> None:  # F37
    hooks.verified(receiver.url(), "load_completed")
    receiver.always = Reply(hang=True)
    with receiving(server_files) as quick:
        other_hooks.verified(quick.url(), "load_failed")
        hooks.happen()
        _multiply_the_outbox(database, 10_000)
        patient = database.settings.model_copy(update={"webhook_timeout_seconds": 60})
        running = _Running(replace(database, settings=patient), committed_database, 1)
        try:
            eventually(
                lambda: _count(database, "SELECT count(*) FROM webhook_queue") == 10_000,
                "the slow one's deliveries wait",
            )
            eventually(lambda: receiver.deliveries, "the slow one hangs")
            for number in range(1, 11):
                other_hooks.happen("load_failed")
                eventually(lambda: len(quick.deliveries) == number, "the quick one hears")  # noqa: B023
            # None of the slow ones has ended meanwhile: nobody waited for them.
            assert {each["attempts_count"] for each in hooks.log()} == {0}
        finally:
            receiver.ended.set()
            running.stop()
    assert len(receiver.deliveries) < 100


def _multiply_the_outbox(resources: Resources, count: int) -> None:
    with transaction(resources.sessions) as session:
        session.execute(
            text("""
                WITH made AS (
                    INSERT INTO event (workspace_id, uid, type, body, is_test)
                    SELECT workspace_id, uid || i, type, body, false
                    FROM event, generate_series(2, :count) i RETURNING id
                )
                INSERT INTO event_outbox SELECT id FROM made
            """),
            {"count": count},
        )


def test_who_died_between_sending_and_recording_is_replaced(
    hooks: Hooks, database: Resources, receiver: Receiver
) -> None:  # F33
    hooks.verified(receiver.url(), "load_completed")
    hooks.happen()
    uvloop.run(_die_after_sending(database))
    assert len(receiver.deliveries) == 1
    hooks.dispatch()
    assert len(receiver.deliveries) == 1  # it may still be at it
    hooks.let_pass(5)
    hooks.dispatch()
    first, second = receiver.deliveries
    assert first.body == second.body
    assert first.header("webhook-id") == second.header("webhook-id")
    (logged,) = hooks.log()
    assert (logged["status"], logged["attempts_count"]) == ("delivered", 1)


async def _die_after_sending(resources: Resources) -> None:
    dying = Dispatcher(resources)
    async with dying._outbound() as outbound:
        _, taken = dying._step([], dying._paces.wanted())
        for each in taken:
            await attempt(outbound, Secrets(resources.vault), each)
    dying._thread.shutdown()


def test_a_late_failure_changes_nothing_any_more(
    hooks: Hooks, database: Resources, receiver: Receiver
) -> None:
    """Who comes back from the dead holds an old claim: its failure is logged, and no more."""
    hooks.verified(receiver.url(), "load_completed")
    hooks.happen()
    wanted = queue.Wanted([], [], [], 4, 100, 100)
    with transaction(database.sessions) as session:
        queue.fan_out(session, 10)
        (old,) = queue.claim(session, wanted, lease_seconds=0, host_rate=0)
        (new,) = queue.claim(session, wanted, lease_seconds=60, host_rate=0)
        assert (old.claims, new.claims) == (1, 2)
        tried: dict[str, Any] = {"started_at": "2026-05-21T10:00:00Z", "duration_ms": 1,
                                 "response_status": None, "response_body": None,
                                 "error": "timeout", "is_redelivery": False}  # fmt: skip
        failure = queue.Result(old.delivery_id, old.endpoint_id, 1, "failed", attempt=tried)
        queue.record(session, [failure])
    (logged,) = hooks.log()
    assert (logged["status"], logged["attempts_count"]) == ("pending", 1)
    with transaction(database.sessions) as session:
        queue.record(session, [queue.Result(old.delivery_id, old.endpoint_id, 1, "delivered",
                                            attempt=tried)])  # fmt: skip
    assert hooks.log()[0]["status"] == "delivered"
    assert _count(database, "SELECT count(*) FROM webhook_queue") == 0


def test_a_dispatcher_that_breaks_comes_back(
    hooks: Hooks,
    database: Resources,
    committed_database: str,
    receiver: Receiver,
    monkeypatch: pytest.MonkeyPatch,
) -> None:
    hooks.verified(receiver.url(), "load_completed")
    whole, broken = Dispatcher.turn, threading.Event()

    async def turn(self: Dispatcher, outbound: Any) -> bool:
        if not broken.is_set():
            broken.set()
            raise RuntimeError("broken on purpose")
        return await whole(self, outbound)

    monkeypatch.setattr(Dispatcher, "turn", turn)
    running = _Running(database, committed_database, 1)
    try:
        hooks.happen()
        eventually(lambda: receiver.deliveries, "the delivery arrives")
        assert broken.is_set()
    finally:
        running.stop()
