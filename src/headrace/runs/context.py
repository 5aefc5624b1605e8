"""What a run has in hand while it is carried out: its row, its fence, and fenced transactions."""

import time
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from datetime import datetime, timedelta
from typing import Any

from sqlalchemy.orm import Session
from sqlalchemy.orm.attributes import set_committed_value

from headrace.db.engine import transaction
from headrace.rest.resources import Resources
from headrace.runs import measures, queries, service
from headrace.runs.errors import RunLost, RunPaused
from headrace.runs.models import Run, RunStatus
from headrace.runs.watching import Watch
from headrace.tenancy.scope import WorkspaceScope, bind

_HELD = "run held"


@dataclass(frozen=True)
class _Held:
    """A run that a transaction holds, and since when: by the database's clock, and by ours."""

    where: object
    run: Run
    at: datetime
    at_monotonic: float


@dataclass(frozen=True)
class RunContext:
    """A running run. `params` is what whoever started it asked for.

    watch: tells between steps whether to go on, and takes signs of progress.
    row: its row as the claim or the step before left it. Nobody else changes what it holds while the
    run is under way, but for `pause_asked`; so one reading does for all steps. None: each reads it.
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
    row: Run | None = None

    @contextmanager
    def step(self) -> Iterator[Session]:
        """One transaction of the run: all of it commits, and only while the run is still ours.

        Raises:
            RunLost: if another worker took the run over, or it was cancelled.
        """
        with transaction(self.resources.sessions) as session:
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
        return self._held(session).run

    def now(self, session: Session) -> datetime:
        """Return the moment by the database's clock, which due times and ends of runs go by.

        It is the moment the run was held in the transaction, and what has passed here since.
        """
        held = self._held(session)
        return held.at + timedelta(seconds=time.monotonic() - held.at_monotonic)

    def _held(self, session: Session) -> "_Held":
        held: _Held | None = session.info.get(_HELD)
        if (
            held is not None
            and held.where is session.get_transaction()
            and held.run.status == RunStatus.RUNNING
        ):
            return held  # nobody else can have changed it since
        found = queries.hold(session, self.scope, self.run_id, self.fence)
        if found is None:
            raise RunLost
        run = self._row_in(session, found.pause_asked)
        held = _Held(session.get_transaction(), run, found.at, time.monotonic())
        session.info[_HELD] = held
        self.watch.pause_asked = found.pause_asked
        return held

    def _row_in(self, session: Session, pause_asked: bool) -> Run:
        run = self.row or queries.run(session, self.scope, self.run_id)
        if run is None:
            raise RunLost
        session.add(run)
        set_committed_value(run, "pause_asked", pause_asked)
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
