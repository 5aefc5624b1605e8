"""Asynchronous report runs: started once per piece, followed to the end, found again after a crash."""

from datetime import datetime, timedelta
from enum import StrEnum
from typing import Any

import msgspec

from headrace.connectors.contract import Journal
from headrace.connectors.sources.facebook.calls import Graph, NotAllowed, TooMuchData
from headrace.connectors.sources.facebook.errors import (
    Fault,
    Verdict,
    exhausted,
    judge,
    outcome,
)
from headrace.connectors.sources.facebook.plan import InsightsPlan
from headrace.kit import clock
from headrace.kit.days import DayRange
from headrace.kit.outcomes import OutsideError, SlowDown, TryLater
from headrace.kit.told import told, told_by

POLL_SECONDS = (1, 2, 4, 8, 15, 30, 30, 30)
"""How long to wait before each look at a run; then the worker is given back."""

COME_BACK_SECONDS = 60.0
STUCK_AFTER = timedelta(hours=1)
"""A run that takes longer never ends (seen in production): its days are asked for in smaller pieces."""

RUN_LIFETIME = timedelta(hours=12)
"""How long a noted run is taken up again. Meta keeps runs for 30 days, but figures go on moving."""

MAX_STARTS = 3


class RunState(StrEnum):
    """What a run's status means for us."""

    WAITING = "waiting"
    DONE = "done"
    FAILED = "failed"


_STATES = {
    "Job Completed": RunState.DONE,
    "Job Failed": RunState.FAILED,
    "Job Skipped": RunState.FAILED,
    "Job Not Started": RunState.WAITING,
    "Job Started": RunState.WAITING,
    "Job Running": RunState.WAITING,
}


class StartedRun(msgspec.Struct):
    """The answer to starting a run; the id has been seen as a number and as text."""

    report_run_id: int | str


class RunStatus(msgspec.Struct):
    """A run as it is now; failed ones explain themselves since v25."""

    async_status: str | None = None
    async_percent_completion: Any = None
    error_code: Any = None
    error_subcode: Any = None
    error_message: Any = None
    error_user_msg: Any = None


_STARTED = msgspec.json.Decoder(StartedRun)
_STATUS = msgspec.json.Decoder(RunStatus)


def state_of(status: str | None) -> RunState:
    """Return what a status means. The percentage may say 100 long before, so only this counts.

    A status not heard of is waited for: a run that never ends is noticed by its age.
    """
    return _STATES.get(status or "", RunState.WAITING)


def why_failed(status: RunStatus) -> Verdict:
    """Return what a failed run says of itself; a silent one is a passing fault that may be size."""
    if status.error_code is None and status.error_subcode is None:
        message = told(
            "Meta's report ended as {status!r} without a reason.", status=status.async_status
        )
        return Verdict(Fault.TRANSIENT, message, then=Fault.TOO_BIG)
    error = {
        "code": status.error_code,
        "error_subcode": status.error_subcode,
        "message": status.error_message,
        "error_user_msg": status.error_user_msg,
    }
    return judge(200, error, {})


class RunNotes:
    """What is known of this window's runs, kept in the journal's bookmark.

    A bookmark made for other parameters is of no use and is ignored.
    """

    def __init__(self, journal: Journal, digest: str) -> None:
        self._journal = journal
        self._digest = digest
        kept = dict(journal.bookmark() or {})
        if kept.get("plan") != digest:
            kept = {}
        self._runs: dict[str, list[str]] = dict(kept.get("runs") or {})
        self.piece_days: int | None = kept.get("piece_days")

    def run_of(self, piece: DayRange) -> tuple[str, datetime] | None:
        """Return the id and the start of a piece's run, unless it is too old to be of use."""
        noted = self._runs.get(str(piece))
        if not noted:
            return None
        run_id, started = noted[0], datetime.fromisoformat(noted[1])
        return (run_id, started) if clock.now() - started < RUN_LIFETIME else None

    def note_run(self, piece: DayRange, run_id: str) -> None:
        """Remember that a run was started just now."""
        self._runs[str(piece)] = [run_id, clock.now().isoformat()]
        self._save()

    def forget_run(self, piece: DayRange) -> None:
        """Forget a run that came to nothing."""
        if self._runs.pop(str(piece), None):
            self._save()

    def note_piece_days(self, piece_days: int) -> None:
        """Remember that only pieces of so many days work, for a later attempt."""
        self.piece_days = piece_days
        self._save()

    def _save(self) -> None:
        bookmark = {"plan": self._digest, "runs": self._runs, "piece_days": self.piece_days}
        self._journal.save_bookmark(bookmark)


class ReportRuns:
    """Runs of one plan for one account."""

    def __init__(
        self, graph: Graph, journal: Journal, account_path: str, plan: InsightsPlan, notes: RunNotes
    ) -> None:
        self._graph = graph
        self._journal = journal
        self._account_path = account_path
        self._plan = plan
        self._notes = notes

    def completed(self, piece: DayRange) -> str:
        """Return the id of a completed run for a piece, starting one where none is under way.

        Raises:
            TooMuchData: if Meta cannot manage the piece: it failed several times or got stuck.
            SlowDown: if the run is not done yet; it is found again by the bookmark.
        """
        starts = 0
        while True:
            run_id, started, is_new = self._attach_or_start(piece)
            starts += is_new
            try:
                verdict = self._follow(run_id, started)
            except NotAllowed as error:
                # Gone meanwhile, or so new that not every server of Meta's knows it.
                if not error.is_missing:
                    raise
                verdict = Verdict(Fault.TRANSIENT, told_by(error))
            if verdict is None:
                return run_id
            self._notes.forget_run(piece)
            self._give_up_or_go_on(verdict, starts)

    def _attach_or_start(self, piece: DayRange) -> tuple[str, datetime, bool]:
        noted = self._notes.run_of(piece)
        if noted:
            return (*noted, False)
        parameters = self._plan.parameters_for(piece)
        answer = self._graph.post(f"{self._account_path}/insights", parameters, _STARTED)
        run_id = str(answer.report_run_id)
        self._notes.note_run(piece, run_id)
        return run_id, clock.now(), True

    def _follow(self, run_id: str, started: datetime) -> Verdict | None:
        """Wait for a run; None when it is complete, else why it will not be."""
        for seconds in POLL_SECONDS:
            status = self._graph.get(run_id, {}, _STATUS)
            state = state_of(status.async_status)
            if state is RunState.DONE:
                return None
            if state is RunState.FAILED:
                return why_failed(status)
            if clock.now() - started > STUCK_AFTER:
                message = told("Meta's report {run_id} does not get done.", run_id=run_id)
                return Verdict(Fault.TOO_BIG, message)
            self._journal.pause(seconds)
        raise SlowDown(
            told(
                "Meta is still preparing report {run_id} ({percent} % done).",
                run_id=run_id,
                percent=status.async_percent_completion or 0,
            ),
            COME_BACK_SECONDS,
        )

    def _give_up_or_go_on(self, verdict: Verdict, starts: int) -> None:
        """Return where another start is worth it; a fault that stays is met with smaller pieces."""
        if verdict.fault is Fault.TOO_BIG:
            raise TooMuchData(verdict)
        if verdict.fault is not Fault.TRANSIENT:
            raise outcome(verdict)
        if starts >= MAX_STARTS:
            raise TooMuchData(verdict)
        self._graph.count_retry(str(verdict.message))


def end_of_ladder(verdict: Verdict) -> OutsideError:
    """Return the error for a single day that Meta cannot manage."""
    final = exhausted(verdict)
    if final.fault is Fault.TRANSIENT:
        return TryLater(final.message)
    return outcome(
        Verdict(
            Fault.TOO_BIG,
            told(
                "{message} Even one day is too much: select fewer fields or breakdowns.",
                message=verdict.message,
            ),
        )
    )
