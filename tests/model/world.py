"""What the machine acts on: one customer's workspace with a source, a destination and a receiver."""

import json
from collections import Counter
from contextlib import ExitStack
from dataclasses import dataclass, field
from datetime import date, timedelta
from decimal import Decimal
from typing import Any

import uvloop
from fastapi.testclient import TestClient
from sqlalchemy import text

from fakes.callers import AgencyFake, WorkspaceFake, take_jobs
from fakes.dying import SleepingWorker, dying_at_commit
from fakes.memory_loader import MemoryLoader
from fakes.plain_network import PlainNetwork
from fakes.receiver import Receiver, Reply
from headrace.db.engine import transaction
from headrace.kit import clock
from headrace.rest.resources import Resources
from headrace.runs import scheduling
from headrace.runs import tasks as run_tasks
from headrace.webhooks.dispatcher import Dispatcher

EXTRACTS, LOADS = "/api/v3/extracts", "/api/v3/loads"
FIELDS = ["date", "campaign_id", "spend"]
EVENTS = (
    "extraction_created", "extraction_paused", "extraction_unpaused", "extraction_completed",
    "extraction_failed", "load_created", "load_completed", "load_failed",
)  # fmt: skip
_ROUNDS = 40

Shown = dict[str, tuple[Decimal, int | None]]
"""What a day of the data table shows: spend, and clicks where they were read."""


@dataclass
class Stage:
    """What all sequences share: a database, servers, and the clock."""

    resources: Resources
    client: TestClient
    network: PlainNetwork
    memory: MemoryLoader
    receiver: Receiver


@dataclass
class World:
    """One workspace, acted on by verbs.

    jobs: every job that was ever given out; workers may carry any of them out, at any time.
    """

    stage: Stage
    agency: AgencyFake
    workspace: WorkspaceFake
    account_id: int
    template_id: int
    destination_id: str
    days_on: ExitStack = field(default_factory=ExitStack)
    jobs: list[dict[str, Any]] = field(default_factory=list)
    sleeper: SleepingWorker | None = None

    @classmethod
    def begin(cls, stage: Stage) -> "World":
        """Make a workspace that is connected to everything."""
        stage.network.reset()
        stage.memory.problem = None
        stage.memory.tables.clear()
        stage.receiver.deliveries.clear()
        stage.receiver.planned.clear()
        agency = AgencyFake.create(stage.resources, stage.client)
        workspace = agency.new_workspace()
        source = "/api/v3/datasources/demo_ads"
        made = workspace.post(f"{source}/connections", {})
        accounts = workspace.get(f"/api/v3/connections/{made['id']}/accounts")["results"]
        templates = workspace.get(f"{source}/extract-templates")["results"]
        destination = workspace.post(
            "/api/v3/destinations/memory/connections",
            {
                "connection_params": {
                    # Two workspaces must not deliver into one place (F27).
                    "place": f"workspace {workspace.id}",
                    "password": "p4ss",
                    "load_mode": "replace",
                }
            },
        )
        hooks = "/api/v3/webhook_endpoints/"
        body = {"url": stage.receiver.url(), "event_types": list(EVENTS)}
        endpoint = workspace.post(hooks, body)
        workspace.post(f"{hooks}{endpoint['id']}/verify/", status=200)
        workspace.run_everything()
        template = next(one for one in templates if one["title"] == "Campaigns by day")
        return cls(
            stage, agency, workspace, accounts[0]["id"], template["id"], destination["id"]
        )  # fmt: skip

    def end(self) -> None:
        """Leave nothing that the next sequence would meet."""
        self.wake()
        self.days_on.close()
        for statement in (
            "UPDATE run SET status = 'cancelled', finished_at = now() WHERE finished_at IS NULL",
            "DELETE FROM procrastinate_jobs",
            "DELETE FROM schedule",
            "DELETE FROM event_outbox",
            "DELETE FROM webhook_queue",
        ):
            self.change(statement)

    # The database.

    def ask(self, statement: str, **values: Any) -> list[Any]:
        """Ask the database."""
        with transaction(self.stage.resources.sessions) as session:
            return list(session.execute(text(statement), {"w": self.workspace.id, **values}))

    def change(self, statement: str, **values: Any) -> None:
        """Change the database."""
        with transaction(self.stage.resources.sessions) as session:
            session.execute(text(statement), {"w": self.workspace.id, **values})

    # The customer.

    def call(self, method: str, path: str, body: Any = None) -> int:
        """Call the API and give the status."""
        status: int = self.workspace.call(method, path, json=body).status_code
        assert status < 500, (method, path)
        return status

    def today(self) -> date:
        """The account's day."""
        return clock.today("UTC")

    def rows(self, table_id: int) -> dict[date, Shown]:
        """What a data table shows, by day."""
        answer = self.workspace.get(f"/api/v3/data-tables/{table_id}/rows", limit=1000)
        shown: dict[date, Shown] = {}
        assert answer["count"] == len(answer["rows"])
        for row in answer["rows"]:
            clicks = row.get("clicks")
            day = shown.setdefault(date.fromisoformat(row["date"]), {})
            assert row["campaign_id"] not in day, "a key twice"
            day[row["campaign_id"]] = (
                Decimal(str(row["spend"])),
                None if clicks is None else int(clicks),
            )
        return shown

    # Time.

    def let_a_day_pass(self) -> None:
        """Move the calendar on, and let what waits for a moment be due."""
        self.days_on.enter_context(clock.shifted(timedelta(days=1)))
        # The token of yesterday is no more.
        self.workspace.headers = self.agency.enter(self.workspace.id, self.agency.headers).headers
        self.change("UPDATE schedule SET due_at = now() - interval '1 minute' WHERE NOT is_paused")
        with transaction(self.stage.resources.sessions) as session:
            scheduling.fire_schedules(session)

    def make_due(self) -> None:
        """Let the time pass that put-off runs and deliveries wait for."""
        self.change("UPDATE run SET due_at = now() WHERE status = 'waiting' AND due_at > now()")
        self.change("UPDATE webhook_queue SET due_at = now()")
        self.change("UPDATE webhook_endpoint SET hold_until = NULL")

    # Workers.

    def admit(self) -> None:
        """Do a scheduler's turn."""
        with transaction(self.stage.resources.sessions) as session:
            scheduling.admit(session, self.stage.resources)
        with transaction(self.stage.resources.sessions) as session:
            self.jobs += take_jobs(session)

    def work(self, number: int, dies_after: int | None = None, *, is_stored: bool = False) -> None:
        """Carry out a job, an old one perhaps; the worker may die at a commit on the way."""
        job = self.jobs[-1 - number % len(self.jobs)]
        resources = self.stage.resources
        with dying_at_commit(resources.sessions, dies_after, is_stored=is_stored):
            run_tasks.carry_out(resources, **job)

    def fall_asleep(self, number: int, after: int | None) -> bool:
        """Begin to carry out a job, and sleep after a commit, or with an answer in hand (None).

        Whether the worker sleeps; it has ended otherwise.
        """
        job, resources = self.jobs[-1 - number % len(self.jobs)], self.stage.resources
        worker = SleepingWorker(
            resources.sessions, lambda: run_tasks.carry_out(resources, **job), after
        )
        if after is None:
            self.stage.network.before_answer = worker.sleep
        sleeps = worker.start()
        self.stage.network.before_answer = None
        self.sleeper = worker if sleeps else None
        return sleeps

    def wake(self) -> None:
        """Let the worker that sleeps go on; others may have done its work meanwhile."""
        if self.sleeper is not None:
            self.sleeper.wake()
            self.sleeper = None

    def let_leases_end(self) -> None:
        """Let workers be silent for long; what they had in hand waits again."""
        self.change("UPDATE run SET admitted_at = admitted_at - interval '1 hour'")
        run_tasks.recover(self.stage.resources)

    def dispatch(self, failures: int = 0) -> None:
        """Send what is due; the receiver fails so often first."""
        self.stage.receiver.planned = [Reply(status=500)] * failures
        uvloop.run(Dispatcher(self.stage.resources).drain())
        self.stage.receiver.planned.clear()

    def come_to_rest(self) -> None:
        """Do everything that is to be done, however long it would take."""
        for _ in range(_ROUNDS):
            self.let_leases_end()
            self.make_due()
            before = len(self.jobs)
            self.admit()
            for number in range(len(self.jobs) - before):
                self.work(number)
            if not self.unfinished():
                return
        raise AssertionError(f"does not come to rest: {self.unfinished()}")

    def unfinished(self) -> list[Any]:
        """The runs that have not ended."""
        return self.ask(
            "SELECT id, kind, subject_id, status, fence, error_text FROM run "
            "WHERE workspace_id = :w AND finished_at IS NULL"
        )

    # What was told.

    def told(self) -> Counter[tuple[str, str]]:
        """How often each type of event was told, with the run it is of."""
        found = self.ask("SELECT type, body FROM event WHERE workspace_id = :w")
        return Counter((kind, json.loads(body)["data"].get("run_id", "")) for kind, body in found)

    def arrived(self) -> dict[str, set[str]]:
        """The keys under which each event arrived, by its id."""
        keys: dict[str, set[str]] = {}
        for got in list(self.stage.receiver.deliveries):
            uid = json.loads(got.body)["id"]
            keys.setdefault(uid, set()).add(got.header("X-Improvado-Idempotency-Key"))
        return keys
