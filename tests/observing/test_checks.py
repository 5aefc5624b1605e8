"""What the doctor makes of facts, each fact by itself."""

from collections.abc import Iterator
from dataclasses import replace
from datetime import timedelta
from pathlib import Path

import psycopg
import pytest

from fakes.server import free_port
from headrace.db.engine import plain_dsn
from headrace.db.roles import SYSTEM
from headrace.doctor import checks, facts
from headrace.doctor.checks import Held, Room, System
from headrace.kit import clock
from headrace.kit.sealing import Vault
from headrace.observing.queries import RunCount, Standing
from headrace.rest.resources import Resources

WELL = System(standing=Standing(workers=2), sealed_secrets=3, connections_used=20)
WORKING = Standing(workers=1)
LONG = RunCount("extract", "running", 1, 9 * 3600, 8 * 3600)
WAITING = RunCount("extract", "waiting", 5, 1200.0, None)


def _all(system: System) -> list[checks.Finding]:
    return [finding for check in checks.CHECKS for finding in check(system)]


def test_a_well_system_has_no_problem() -> None:
    assert [words for good, words in _all(WELL) if not good] == []


@pytest.mark.parametrize(
    ("system", "words"),
    [
        (replace(WELL, standing=Standing(runs=[WAITING])), "no worker is alive"),
        (replace(WELL, standing=Standing(schedule_lag=30)), "no worker is alive"),
        (replace(WELL, standing=Standing(workers=1, runs=[WAITING])), "waiting for 20 minutes"),
        (replace(WELL, standing=replace(WORKING, schedule_lag=7200)), "late by 2 hours"),
        (replace(WELL, standing=replace(WORKING, runs=[LONG])), "began 8 hours ago"),
        (replace(WELL, clock_seconds=61), "61 seconds ahead of the database's"),
        (replace(WELL, clock_seconds=-3600), "60 minutes behind the database's"),
        (replace(WELL, endpoints_failing=1), "1 webhook endpoint did not take"),
        (replace(WELL, endpoints_disabled=2), "2 webhook endpoints disabled"),
        (replace(WELL, foreign_secrets=2), "2 of 3 stored secrets were sealed with another key"),
        (replace(WELL, failed_mails=1), "1 external link could not be mailed"),
        (replace(WELL, connections_used=95), "95 of the database's 100 connections"),
    ],
)
def test_each_trouble_is_one_problem_in_words(system: System, words: str) -> None:
    problems = [found for good, found in _all(system) if not good]
    assert len(problems) == 1
    assert words in problems[0]


def test_pauses_are_told_and_are_no_problem() -> None:
    held = Held("app:facebook:1f0c99", 1800, "Too many calls.")
    found = _all(replace(WELL, holds=(held,), hold_count=4))
    assert (True, "Paused for another 30 minutes: app:facebook (Too many calls.)") in found
    assert (True, "3 more pauses are in force.") in found


@pytest.mark.parametrize(
    ("free", "is_well"), [(500 * 10**9, True), (10**8, False), (9 * 10**8, False)]
)
def test_a_disk_needs_room(free: int, is_well: bool) -> None:
    ((good, words),) = checks.disk(Room("/lake", free, 10**12))
    assert good is is_well
    assert "/lake" in words


@pytest.mark.parametrize(
    ("has_server", "links", "problems"), [(True, 5, 0), (False, 0, 0), (False, 5, 1)]
)
def test_links_to_mail_need_a_mail_server(has_server: bool, links: int, problems: int) -> None:
    assert len(list(checks.mail(has_server, links))) == problems


@pytest.mark.parametrize(
    ("answer", "is_well"), [(None, True), ("", False), ("hello", False), ("headrace_runs 1", True)]
)
def test_a_metrics_port_should_be_ours(answer: str | None, is_well: bool) -> None:
    ((good, _),) = checks.metrics_port(9090, answer)
    assert good is is_well


def test_a_port_is_asked() -> None:
    assert facts.said_at("127.0.0.1", free_port()) is None


def test_rooms_are_of_folders_of_this_machine(tmp_path: Path) -> None:
    found = list(facts.rooms(str(tmp_path), str(tmp_path), "s3://bucket/lake", "/no/such"))
    assert [room.folder for room in found] == [str(tmp_path)]
    assert found[0].free > 0


@pytest.fixture
def connection(committed_database: str) -> Iterator[psycopg.Connection[tuple[object, ...]]]:
    """A connection as the doctor has it."""
    with psycopg.connect(plain_dsn(committed_database, SYSTEM), autocommit=True) as made:
        yield made


def test_facts_come_from_the_database(
    connection: psycopg.Connection[tuple[object, ...]], resources: Resources
) -> None:
    vault, other = Vault(bytes(32)), Vault(bytes(range(32)))
    connection.execute("INSERT INTO agency (title, can_use_embedded_api) VALUES ('a', true)")
    connection.execute("INSERT INTO workspace (agency_id, title, description) "
                       "SELECT id, 'w', '' FROM agency")  # fmt: skip
    for number, sealer in enumerate((vault, other)):
        connection.execute(
            "INSERT INTO webhook_endpoint (uid, workspace_id, url, host, secret, status, "
            "extended_retries, consecutive_failures, is_struggling) "
            "SELECT gen_random_uuid(), id, %s, 'h', %s, 'active', true, 0, true FROM workspace",
            (f"https://h/{number}", sealer.seal("s", "place")),
        )
    connection.execute("INSERT INTO pause (key, until, reason) "
                       "VALUES ('app:demo_ads:x', now() + interval '1 hour', 'Slow down.')")  # fmt: skip
    with clock.shifted(timedelta(minutes=10)):
        found = facts.system(connection, resources.settings, vault.key_id)
    assert (found.sealed_secrets, found.foreign_secrets) == (2, 1)
    assert found.endpoints_failing == 2
    assert [held.key for held in found.holds] == ["app:demo_ads:x"]
    assert found.standing.pauses == {"app": 1}
    assert 590 < found.clock_seconds < 660
    assert found.connections_used >= 1
