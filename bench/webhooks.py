"""Webhooks: deliveries a second, latency, receivers that hang, and a log of a million deliveries.

A receiver runs in a process of its own, over TLS, on this machine; so does the dispatcher, as in a
worker. The reference is aiohttp sending the same bodies with no state (`bench.webhooks_bare`).
Prints one line each: `name | ours | reference | ratio`.

    python -m bench.webhooks [--deliveries 20000] [--seconds 20] [--rounds 3] [--log 1000000]
"""

import argparse
import base64
import json
import multiprocessing
import secrets
import statistics
import subprocess
import sys
import tempfile
import threading
import time
import uuid
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import psycopg
from fastapi.testclient import TestClient
from sqlalchemy import text

from bench.webhooks_certificate import write_certificate
from headrace import events
from headrace.app import create_app
from headrace.db import embedded
from headrace.db.engine import make_engine, plain_dsn, transaction
from headrace.db.migrating import migrate
from headrace.events.catalogue import EVENT_TYPES
from headrace.kit.garbage import keep_what_is_loaded
from headrace.rest.resources import Resources, open_resources
from headrace.settings import Settings, load_settings
from headrace.webhooks import dispatcher

ENDPOINTS, HANGING, WORKSPACES = 1000, 100, 10
EVENT = "load_completed"
FACTS = EVENT_TYPES[EVENT].sample_facts()
HOST_RATE = 0  # the limit is not what is measured


@dataclass
class Receiver:
    """The receiver's process."""

    process: subprocess.Popen[str]
    port: int

    def ask(self, line: str) -> Any:
        """Say something and read the answer."""
        self.tell(line)
        assert self.process.stdout is not None
        return json.loads(self.process.stdout.readline())

    def tell(self, line: str) -> None:
        """Say something that has no answer."""
        assert self.process.stdin is not None
        self.process.stdin.write(line + "\n")
        self.process.stdin.flush()


@contextmanager
def receiving(certificate: Path, key: Path) -> Iterator[Receiver]:
    process = subprocess.Popen(
        [sys.executable, "-m", "bench.webhooks_receiver", str(certificate), str(key)],
        stdin=subprocess.PIPE,
        stdout=subprocess.PIPE,
        text=True,
    )
    try:
        assert process.stdout is not None
        yield Receiver(process, int(process.stdout.readline()))
    finally:
        process.kill()
        process.wait()


def _dispatch(settings: Settings, url: str, stop: Any) -> None:
    resources = open_resources(settings, url, threads=1)
    halted = threading.Event()
    threading.Thread(target=lambda: (stop.wait(), halted.set()), daemon=True).start()
    keep_what_is_loaded()
    dispatcher.run(resources, url, halted)


@contextmanager
def dispatching(settings: Settings, url: str) -> Iterator[None]:
    """A dispatcher in a process of its own."""
    context = multiprocessing.get_context("spawn")
    stop = context.Event()
    process = context.Process(target=_dispatch, args=(settings, url, stop))
    process.start()
    try:
        yield
    finally:
        stop.set()
        process.join(30)


def new_workspaces(resources: Resources, count: int) -> list[int]:
    with transaction(resources.sessions) as session:
        agency = session.scalar(
            text("INSERT INTO agency (title, can_use_embedded_api) VALUES (:t, true) RETURNING id"),
            {"t": secrets.token_hex(4)},
        )
        return list(
            session.scalars(
                text(
                    "INSERT INTO workspace (agency_id, title, description) "
                    "SELECT :agency, 'w' || i, '' FROM generate_series(1, :count) i RETURNING id"
                ),
                {"agency": agency, "count": count},
            )
        )


def new_endpoint(resources: Resources, workspace_id: int, host: str, url: str) -> None:
    """Store an active endpoint, as if verified."""
    uid = uuid.uuid4()
    place = f"workspace/{workspace_id}/webhook_endpoint/{uid}/secret"
    values = {
        "uid": uid,
        "workspace": workspace_id,
        "url": url,
        "host": host,
        "secret": resources.vault.seal(secrets.token_hex(32), place),
        "type": EVENT,
    }
    with transaction(resources.sessions) as session:
        session.execute(
            text("""
                WITH made AS (
                    INSERT INTO webhook_endpoint (uid, workspace_id, url, host, secret, status,
                        extended_retries, consecutive_failures, is_struggling)
                    VALUES (:uid, :workspace, :url, :host, :secret, 'active', true, 0, false)
                    RETURNING id, workspace_id
                )
                INSERT INTO webhook_subscription (workspace_id, endpoint_id, event_type_name)
                SELECT workspace_id, id, :type FROM made
            """),
            values,
        )


def happen(resources: Resources, workspace_id: int, times: int = 1) -> None:
    with transaction(resources.sessions) as session:
        for _ in range(times):
            events.publish(session, workspace_id, EVENT, FACTS)


def clear(resources: Resources) -> None:
    with transaction(resources.sessions) as session:
        session.execute(text("DELETE FROM webhook_endpoint"))
        session.execute(text("DELETE FROM event"))


def wait_for(receiver: Receiver, count: int, patience: float = 300.0) -> None:
    deadline = time.monotonic() + patience
    while (came := receiver.ask("count")) < count:
        assert time.monotonic() < deadline, f"only {came} of {count} came"
        time.sleep(0.1)


def wait_until_recorded(resources: Resources) -> None:
    for _ in range(600):
        with transaction(resources.sessions) as session:
            if not session.scalar(text("SELECT count(*) FROM webhook_queue")):
                return
        time.sleep(0.1)
    raise AssertionError("deliveries were not recorded")


def throughput(
    settings: Settings, url: str, resources: Resources, receiver: Receiver, count: int
) -> float:
    """Deliveries a second from a queue of events to one receiver, durable and signed."""
    (workspace,) = new_workspaces(resources, 1)
    new_endpoint(resources, workspace, "127.0.0.1", f"https://127.0.0.1:{receiver.port}/ok")
    for _ in range(count // 1000):
        happen(resources, workspace, 1000)
    receiver.ask("report")
    with dispatching(settings, url):
        wait_for(receiver, count)
        wait_until_recorded(resources)
    moments = sorted(at for _, at, _ in receiver.ask("report"))
    assert len(moments) == count
    clear(resources)
    return count / (moments[-1] - moments[0])


def bare(settings: Settings, receiver: Receiver, count: int, body: str) -> float:
    """The same with aiohttp alone."""
    receiver.ask("report")
    done = subprocess.run(
        [
            sys.executable,
            "-m",
            "bench.webhooks_bare",
            f"https://127.0.0.1:{receiver.port}/ok",
            str(settings.ca_bundle),
            str(count),
            str(settings.webhook_requests_per_endpoint),
            body,
        ],
        check=True,
        capture_output=True,
        text=True,
    )
    receiver.ask("report")
    return float(done.stdout)


def percentile(values: list[float], share: float) -> float:
    ordered = sorted(values)
    return ordered[min(len(ordered) - 1, int(share * len(ordered)))]


def at_a_pace(resources: Resources, workspaces: list[int], per_second: float, seconds: int) -> int:
    """Let events happen at a steady pace; return how many."""
    began, count = time.perf_counter(), int(per_second * seconds)
    for number in range(count):
        time.sleep(max(0.0, began + number / per_second - time.perf_counter()))
        happen(resources, workspaces[number % len(workspaces)])
    return count


def latency(
    settings: Settings, url: str, resources: Resources, receiver: Receiver, seconds: int
) -> list[float]:
    """Seconds from event to receipt, at 100 events a second."""
    (workspace,) = new_workspaces(resources, 1)
    new_endpoint(resources, workspace, "127.0.0.1", f"https://127.0.0.1:{receiver.port}/ok")
    with dispatching(settings, url):
        happen(resources, workspace)  # the first connection
        wait_for(receiver, 1)
        receiver.ask("report")
        count = at_a_pace(resources, [workspace], 100, seconds)
        wait_for(receiver, count)
    found = [at - happened for _, at, happened in receiver.ask("report")]
    clear(resources)
    return found


def crowd(
    settings: Settings, url: str, resources: Resources, receiver: Receiver, seconds: int
) -> tuple[list[float], list[float]]:
    """Latencies of 900 receivers among 1,000: while 100 answer too, and while those hang."""
    workspaces = new_workspaces(resources, WORKSPACES)
    for number in range(ENDPOINTS):
        host = f"127.0.{1 + number // 250}.{1 + number % 250}"
        kind = "hang" if number % (ENDPOINTS // HANGING) == 0 else "ok"
        address = f"https://{host}:{receiver.port}/{kind}/{number}"
        new_endpoint(resources, workspaces[number // (ENDPOINTS // WORKSPACES)], host, address)
    found = []
    receiver.tell("answer")
    with dispatching(settings, url):
        for mood in ("answer", "hang"):
            for workspace in workspaces:  # every connection is opened once
                happen(resources, workspace)
            wait_for(receiver, ENDPOINTS - HANGING)
            time.sleep(1.0)
            receiver.tell(mood)
            receiver.ask("report")
            count = at_a_pace(resources, workspaces, 2, seconds)
            wait_for(receiver, count * (ENDPOINTS - HANGING) // WORKSPACES)
            time.sleep(2.0)
            rows = receiver.ask("report")
            found.append([at - was for path, at, was in rows if path.startswith("/ok")])
    clear(resources)
    return found[0], found[1]


def listing(settings: Settings, resources: Resources, count: int) -> dict[str, float]:
    """Milliseconds of a page of a log with so many deliveries, by filter."""
    from headrace.access import service as access

    with transaction(resources.sessions) as session:
        chief = access.create_agency(session, "Log", "log@example.com", "correct horse battery")
        agency_id = chief.agency_id
    with TestClient(create_app(settings, resources)) as client:
        basic = base64.b64encode(b"log@example.com:correct horse battery").decode()
        agency = {"Authorization": f"Basic {basic}"}
        made = client.post("/api/v3/workspaces", json={"title": "Log"}, headers=agency).json()
        token = client.post("/api/v3/token", json={"workspace_id": made["id"]}, headers=agency)
        bearer = {"Authorization": f"Bearer {token.json()['token']}"}
        for number in range(10):
            new_endpoint(resources, made["id"], "h", f"https://h.example/{number}")
        _fill_log(resources, made["id"], count)
        figures = {}
        for name, query in (
            ("newest", ""),
            ("one endpoint", "endpoint_id={endpoint}"),
            ("failed", "status=failed"),
            ("deep", "before={middle}"),
            ("since and until", "since=2026-01-01T00:00:00Z&until=2026-01-02T00:00:00Z"),
        ):
            with transaction(resources.sessions) as session:
                ids = session.execute(
                    text("SELECT max(endpoint_id), max(id) / 2 FROM webhook_delivery")
                ).one()
            path = "/api/v3/webhook_deliveries?" + query.format(endpoint=ids[0], middle=ids[1])
            times = []
            for _ in range(30):
                began = time.perf_counter()
                answer = client.get(path, headers=bearer)
                times.append((time.perf_counter() - began) * 1000)
                assert answer.status_code == 200
                assert answer.json()["results"], name
            figures[name] = statistics.median(times)
    assert agency_id
    return figures


def _fill_log(resources: Resources, workspace_id: int, count: int) -> None:
    """Write a log over 30 days, of which one delivery in a thousand failed."""
    statements = (
        """
        INSERT INTO event (workspace_id, uid, type, body, is_test, created_at)
        SELECT :w, upper(md5(i::text)), 'load_completed', '{}', false,
            timestamptz '2026-01-01' + i * interval '30 days' / (:n / 10)
        FROM generate_series(1, :n / 10) i
        """,
        """
        INSERT INTO webhook_delivery (workspace_id, endpoint_id, event_id, event_type, status,
            attempts, response_status, created_at, finished_at)
        SELECT :w, endpoint.id, event.id, event.type,
            CASE WHEN event.id % 1000 = 0 THEN 'failed' ELSE 'delivered' END,
            '[{"number": 1, "started_at": "2026-01-01T00:00:00Z", "duration_ms": 20,
               "response_status": 200, "response_body": "ok", "error": null,
               "is_redelivery": false}]',
            200, event.created_at, event.created_at
        FROM event, webhook_endpoint AS endpoint
        WHERE event.workspace_id = :w AND endpoint.workspace_id = :w
        ORDER BY event.id
        """,
        """
        INSERT INTO webhook_queue (delivery_id, workspace_id, endpoint_id, due_at, is_given_up)
        SELECT id, workspace_id, endpoint_id, created_at, true FROM webhook_delivery
        WHERE status = 'failed'
        """,
    )
    with transaction(resources.sessions) as session:
        for statement in statements:
            session.execute(text(statement), {"w": workspace_id, "n": count})
    url = resources.settings.database_url
    assert url is not None
    with psycopg.connect(plain_dsn(url.get_secret_value()), autocommit=True) as owner:
        owner.execute("VACUUM ANALYZE")


def main() -> None:
    """Measure, print."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--deliveries", type=int, default=20_000)
    parser.add_argument("--seconds", type=int, default=20)
    parser.add_argument("--rounds", type=int, default=3)
    parser.add_argument("--log", type=int, default=1_000_000)
    parser.add_argument("--only", default="throughput,latency,crowd,listing")
    asked = parser.parse_args()
    parts = asked.only.split(",")
    home = Path(tempfile.mkdtemp(prefix="headrace-bench-"))
    home.chmod(0o755)
    certificate, key = write_certificate(home)
    server, _ = embedded.start(home)
    try:
        url = server.url(server.make_database("webhooks").rsplit("/", 1)[1])
        engine = make_engine(url)
        migrate(engine)
        engine.dispose()
        settings = load_settings(
            home=home,
            database_url=url,
            secret_key=base64.b64encode(secrets.token_bytes(32)).decode(),
            allowed_private_hosts=["127.0.0.0/8"],
            ca_bundle=certificate,
            webhook_host_rate=HOST_RATE,
            rate_limit_per_minute=0,
        )
        resources = open_resources(settings, url, threads=2)
        with receiving(certificate, key) as receiver:
            measure(parts, asked, settings, url, resources, receiver)
        resources.engine.dispose()
    finally:
        embedded.stop(server)


def measure(
    parts: list[str],
    asked: argparse.Namespace,
    settings: Settings,
    url: str,
    resources: Resources,
    receiver: Receiver,
) -> None:
    if "throughput" in parts:
        body = json.dumps(EVENT_TYPES[EVENT].sample(), separators=(",", ":"))
        ours, theirs = [], []
        for _ in range(asked.rounds):
            ours.append(throughput(settings, url, resources, receiver, asked.deliveries))
            theirs.append(bare(settings, receiver, asked.deliveries, body))
        mine, reference = statistics.median(ours), statistics.median(theirs)
        print(
            f"webhook deliveries, one receiver, aiohttp alone | {mine:,.0f}/s | {reference:,.0f}/s"
            f" | {mine / reference:.2f} (at least 0.6)",
            flush=True,
        )
    if "latency" in parts:
        found = latency(settings, url, resources, receiver, asked.seconds)
        print(
            f"webhook event to receipt, 100 events/s | p50 {percentile(found, 0.5) * 1000:.0f} ms, "
            f"p99 {percentile(found, 0.99) * 1000:.0f} ms | - | (p99 below 1 s)",
            flush=True,
        )
    if "crowd" in parts:
        calm, disturbed = crowd(settings, url, resources, receiver, asked.seconds)
        first, second = percentile(calm, 0.99), percentile(disturbed, 0.99)
        print(
            f"webhook p99 of 900 receivers, 100 others hang, none hangs | {second * 1000:.0f} ms | "
            f"{first * 1000:.0f} ms | {second / first:.2f} (at most 2)",
            flush=True,
        )
    if "listing" in parts:
        for name, millis in listing(settings, resources, asked.log).items():
            print(
                f"webhook log of {asked.log:,}, a page: {name} | {millis:.1f} ms | - | "
                "(below 20 ms)",
                flush=True,
            )


if __name__ == "__main__":
    main()
