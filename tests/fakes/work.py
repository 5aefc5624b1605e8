"""A kind of run that does what a test tells it to, and workers that carry it out by hand."""

import uuid
from collections.abc import Callable
from typing import Any

from sqlalchemy import select, text
from sqlalchemy.orm import Session

from fakes.callers import take_jobs
from headrace.access.authentication import server_scope
from headrace.db.engine import transaction
from headrace.kit.outcomes import OutsideError
from headrace.rest.resources import Resources
from headrace.runs import kinds, queries, scheduling, service
from headrace.runs import tasks as run_tasks
from headrace.runs.context import RunContext
from headrace.runs.models import Run
from headrace.runs.service import NewRun
from headrace.tenancy.models import Agency, Workspace
from headrace.tenancy.scope import WorkspaceScope

Doing = Callable[[RunContext], None]


class WorkFake:
    """Runs of a kind of its own. `doing` is called for each; by default they succeed."""

    def __init__(self, resources: Resources) -> None:
        self.resources = resources
        self.kind = f"fake-{uuid.uuid4().hex[:8]}"
        self.doing: Doing = succeed
        self.carried_out: list[str] = []
        self.failures: list[tuple[str, OutsideError]] = []
        self.fired: list[tuple[int, str]] = []
        kinds.register(
            kinds.RunKind(self.kind, carry_out=self._do, failed=self._failed, due=self._due)
        )
        with self.step() as session:
            agency = Agency(title=self.kind)
            session.add(agency)
            session.flush()
            self._agency_id = agency.id

    def forget(self) -> None:
        """Take the kind off the list of kinds again."""
        kinds._KINDS.pop(self.kind)

    def step(self) -> Any:
        """One transaction."""
        return transaction(self.resources.sessions)

    def new_workspace(self) -> WorkspaceScope:
        """Make a workspace and give the server's scope in it."""
        with self.step() as session:
            workspace = Workspace(agency_id=self._agency_id, title=uuid.uuid4().hex)
            session.add(workspace)
            session.flush()
            return server_scope(session, workspace.id)

    def queue(self, scope: WorkspaceScope, subject: object, **more: Any) -> int:
        """Ask for a run of a subject."""
        with self.step() as session:
            return self.queue_in(session, scope, subject, **more)

    def queue_in(
        self, session: Session, scope: WorkspaceScope, subject: object, **more: Any
    ) -> int:
        """Ask for a run of a subject in a transaction of the caller."""
        given = {"limit_key": f"key:{subject}", "trigger": "test"} | more
        new = NewRun(kind=self.kind, subject_id=str(subject), **given)
        return service.start(session, scope, new)

    def admit(self) -> list[dict[str, Any]]:
        """Do a scheduler's turn; gives the jobs it deferred."""
        with self.step() as session:
            scheduling.admit(session, self.resources)
        with self.step() as session:
            return take_jobs(session)

    def carry_out(self, job: dict[str, Any]) -> None:
        """Do a worker's turn with one job."""
        run_tasks.carry_out(self.resources, **job)

    def run(self, run_id: int) -> Run:
        """Give a run as it stands."""
        with self.step() as session:
            return session.scalars(select(Run).where(Run.id == run_id)).one()

    def make_due(self) -> None:
        """Let every waiting run and schedule be due now."""
        with self.step() as session:
            session.execute(text("UPDATE run SET due_at = now() WHERE status = 'waiting'"))

    def try_until_it_ends(self, run_id: int) -> Run:
        """Carry a run out again and again, without its pauses, until it is finished."""
        for _ in range(50):
            run = self.run(run_id)
            if run.finished_at is not None:
                return run
            self.make_due()
            for job in self.admit():
                self.carry_out(job)
        raise AssertionError("the run does not end")

    def _do(self, context: RunContext) -> None:
        self.carried_out.append(context.subject_id)
        self.doing(context)

    def _failed(self, context: RunContext, session: Session, error: OutsideError) -> None:
        self.failures.append((context.subject_id, error))

    def _due(
        self, session: Session, scope: WorkspaceScope, subject_id: str, rule: dict[str, Any]
    ) -> None:
        self.fired.append((scope.workspace_id, subject_id))
        self.queue_in(session, scope, subject_id, trigger="schedule", params=dict(rule))


def succeed(context: RunContext) -> None:
    """End well."""
    with context.step() as session:
        service.succeed(context.hold(session), queries.database_now(session))


def fail_with(error: Exception) -> Doing:
    """Raise an error each time."""

    def fail(_: RunContext) -> None:
        raise error

    return fail
