"""What a run has in hand while it is carried out: its row, its fence, and fenced transactions."""

from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from typing import Any

from sqlalchemy.orm import Session

from headrace.db.engine import transaction
from headrace.rest.resources import Resources
from headrace.runs import measures, queries, service
from headrace.runs.errors import RunLost, RunPaused
from headrace.runs.models import Run, RunStatus
from headrace.runs.watching import Watch
from headrace.tenancy.scope import WorkspaceScope, bind

_HELD = "run held in"


@dataclass(frozen=True)
class RunContext:
    """A running run. `params` is what whoever started it asked for.

    watch: tells between steps whether to go on, and takes signs of progress.
    """

    run_id: int
    fence: int
    subject_id: str
    trigger: str
    params: dict[str, Any]
    scope: WorkspaceScope
    resources: Resources
    watch: Watch
    traceparent: str | None = None

    @contextmanager
    def step(self) -> Iterator[Session]:
        """One transaction of the run: all of it commits, and only while the run is still ours.

        Raises:
            RunLost: if another worker took the run over, or it was cancelled.
        """
        with self.look() as session:
            run = self.hold(session)
            before = measures.tally(run)
            yield session
        measures.stepped(run, before)

    @contextmanager
    def look(self) -> Iterator[Session]:
        """One transaction in the run's workspace, whoever holds the run."""
        with transaction(self.resources.sessions) as session:
            bind(session, self.scope)
            yield session

    def hold(self, session: Session) -> Run:
        """Lock the run's row in a transaction and return it; raises `RunLost` as `step` does."""
        held_in, held = session.info.get(_HELD, (None, None))
        if held and held_in is session.get_transaction() and held.status == RunStatus.RUNNING:
            return held  # type: ignore[no-any-return]  # nobody else can have changed it since
        run = queries.held(session, self.run_id, self.fence)
        if run is None:
            raise RunLost
        session.info[_HELD] = (session.get_transaction(), run)
        self.watch.pause_asked = run.pause_asked
        return run

    def stop_if_asked(self) -> None:
        """Between two parts of a run, such as windows: where it can stop and lose nothing.

        Raises:
            RunPaused: if the subject was paused; the run waits until it is unpaused.
            RunLost, TryLater: as `Watch.check` does.
        """
        self.watch.check()
        if not self.watch.pause_asked:
            return
        with self.step() as session:
            run = self.hold(session)
            if not run.pause_asked:
                return  # unpaused again
            service.stop_in_between(run)
        raise RunPaused
