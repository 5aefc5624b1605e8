"""After the storm: start what is dead, make what is missing, and let everything come to rest."""

import time
from contextlib import suppress
from typing import Any

import psycopg

from chaos.customers import FIELDS, Customer, days_before
from chaos.house import House
from fakes.server import Server, eventually
from headrace.client import ApiError, Unreachable
from headrace.db.engine import plain_dsn

_PATIENCE_SECONDS = 240.0
_LOOKS_A_SECOND = 4
_UNFINISHED = "status NOT IN ('succeeded', 'failed', 'cancelled')"
_TRIES = 4


class Unsettled(Exception):
    """Something does not come to rest; the message says what."""


def settle(house: House, living: list[Customer]) -> None:
    """Bring everything to rest: every extract and every load has run well since the storm.

    Raises:
        Unsettled: if that does not happen.
    """
    for name in house.servers:
        house.start(name)
    for server in house.webs.values():
        eventually(lambda server=server: _answers(house, server), "the web servers answer")
    for customer in living:
        _make_missing(customer)
        _go_on(customer)
    _wait_for_runs(house)
    _run_all(house, living, "extract")
    _run_all(house, living, "load")
    for customer in living:
        with suppress(ApiError):  # 409: it is being built
            customer.door.headrace.agency.build_recipe(customer.door.id, customer.recipe_id)
    _wait_for_runs(house)
    _wait_for_deliveries(house)


def _answers(house: House, server: Server) -> bool:
    house.revive()
    return server.answers()


def asked(house: House, statement: str) -> list[tuple[Any, ...]]:
    """Ask, or change, Headrace's own database, by a line that is never bad."""
    with psycopg.connect(plain_dsn(house.databases.own_url), autocommit=True) as connection:
        cursor = connection.execute(statement.encode())
        return cursor.fetchall() if cursor.description else []


def _make_missing(customer: Customer) -> None:
    for title, names in customer.tables.items():
        there = {e.account_id for e in customer.extracts() if e.data_table.title == title}
        missing = [customer.accounts[name] for name in names if name not in there]
        if missing:
            customer.door.extracts(missing, str(days_before(12)), title, fields=FIELDS)


def _go_on(customer: Customer) -> None:
    for extract in customer.extracts():
        customer.door.api.unpause_extract(extract.id)
    for load in customer.loads():
        customer.door.api.unpause_load(load.id)


def _run_all(house: House, living: list[Customer], noun: str) -> None:
    """Run every extract or load, and again those that end badly."""
    left = {
        (index, each.id)
        for index, customer in enumerate(living)
        for each in (customer.extracts() if noun == "extract" else customer.loads())
    }
    for _ in range(_TRIES):
        for index, item in sorted(left):
            _run(living[index], noun, item)
        _wait_for_runs(house)
        left = {one for one in left if _status(living[one[0]], noun, one[1]) != "synced"}
        if not left:
            return
    told = [f"{noun} {item} of customer {index}" for index, item in sorted(left)]
    reasons = asked(
        house,
        f"SELECT DISTINCT kind, subject_id, error_class, error_text FROM run "
        f"WHERE status = 'failed' AND kind = '{noun}' "
        f"AND subject_id IN ({', '.join(repr(str(item)) for _, item in sorted(left))})",
    )
    raise Unsettled(f"do not run well: {told}; {reasons}")


def _run(customer: Customer, noun: str, item: int) -> None:
    api = customer.door.api
    for _ in range(_TRIES):
        try:
            api.run_extract(item) if noun == "extract" else api.run_load(item)
        except ApiError as refusal:
            if refusal.status != 409:
                raise
            time.sleep(1)  # one is under way; what it read or wrote may be from before
        except Unreachable:
            time.sleep(1)
        else:
            return


def _status(customer: Customer, noun: str, item: int) -> str:
    api = customer.door.api
    return api.get_extract(item).status if noun == "extract" else api.get_load(item).status


def _wait_for_runs(house: House) -> None:
    """Wait until no run is unfinished, letting time pass for those that wait for a later moment."""
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        house.revive()
        asked(house, "UPDATE run SET due_at = now() WHERE status = 'waiting' AND due_at > now()")
        left = asked(
            house,
            "SELECT id, kind, subject_id, status, fence, attempt, due_at, error_text FROM run "
            f"WHERE {_UNFINISHED} ORDER BY id",
        )
        if not left:
            return
        if time.monotonic() > deadline:
            raise Unsettled(f"runs that do not end: {left}")
        time.sleep(1 / _LOOKS_A_SECOND)


def _wait_for_deliveries(house: House) -> None:
    deadline = time.monotonic() + _PATIENCE_SECONDS
    while True:
        asked(house, "UPDATE webhook_endpoint SET hold_until = NULL")
        asked(
            house,
            "UPDATE webhook_queue SET due_at = now() "
            "WHERE NOT is_given_up AND due_at > now() + interval '5 seconds'",
        )
        left = asked(
            house,
            "SELECT (SELECT count(*) FROM event_outbox), "
            "(SELECT count(*) FROM webhook_queue WHERE NOT is_given_up)",
        )[0]
        if left == (0, 0):
            return
        if time.monotonic() > deadline:
            raise Unsettled(f"events, deliveries that do not go out: {left}")
        time.sleep(1 / _LOOKS_A_SECOND)
