"""Carrying out a run of an extract: plan windows once, then read and store one after another.

Each window is read into one file, which becomes live in the transaction that also checkpoints the
window. A crash repeats at most the window it fell into, with the same result.
"""

from dataclasses import dataclass
from datetime import datetime, timedelta

import pyarrow as pa
from sqlalchemy.orm import Session

from headrace.connections import service as connections
from headrace.connections.renewal import renewed_by_itself, while_current
from headrace.connectors.abilities import RenewsCredentials
from headrace.connectors.contract import Access, Account, BadValues, ReadRequest
from headrace.data_tables import accounts, followers
from headrace.data_tables import service as data_tables
from headrace.extracts import announcing, reading
from headrace.extracts.journal import RunJournal
from headrace.extracts.parts import Parts, expected
from headrace.extracts.parts import parts as whole
from headrace.extracts.planning import days_of, windows_of
from headrace.extracts.screen import Screen, screen_of
from headrace.extracts.shape import Shape, keep, refuse, shape_of
from headrace.extracts.windows import Horizon, horizon, is_history, replaced_days
from headrace.kit import clock, tracing
from headrace.kit.days import DayRange
from headrace.kit.outcomes import Reauthorize, TryLater
from headrace.kit.told import told
from headrace.loads import service as loads
from headrace.runs import backlog
from headrace.runs import service as runs
from headrace.runs.context import RunContext
from headrace.runs.models import RunWindow
from headrace.table_store import (
    MarkKind,
    Replaced,
    Segment,
    SegmentState,
    StagedFile,
    live_segments,
    mark_days,
    replace_window,
)

# A source that suddenly answers with nothing is asked this often before its word is taken.
_EMPTY_ANSWERS_BELIEVED = 3


@dataclass(frozen=True)
class Work:
    """What one attempt at a run has in hand.

    screen: what stands between the rows read and the rows stored. shape: what their columns are held
    to. begun_at: when the attempt began.
    """

    context: RunContext
    parts: Parts
    access: Access
    account: Account
    seen_from: Horizon
    screen: Screen
    shape: Shape
    begun_at: datetime

    @property
    def table_id(self) -> int:
        """The data table the extract fills."""
        return self.parts.extract.data_table_id


def execute(context: RunContext) -> None:
    """Read every window of a run that is not done, newest first, then end the run.

    Raises:
        OutsideError: as the connector does; windows done before stay done.
        RunLost: if the run is no longer ours.
    """
    with context.step() as session:
        work, windows = _begin(session, context)
    with while_current(context.look, work.parts.connection):
        for number, window in enumerate(each for each in windows if not each.is_done):
            context.stop_if_asked()
            if number and _gives_way(work, window):  # what begins gets something done
                return
            with tracing.span("window", headrace__days=str(days_of(window) or "all")):
                _read_window(work, window)
    with context.step() as session:
        _finish(session, work)


def _begin(session: Session, context: RunContext) -> tuple[Work, list[RunWindow]]:
    parts = whole(session, context.scope, int(context.subject_id))
    if parts.connection.deleted_at is not None:
        raise Reauthorize(told("The connection was deleted."))
    work = Work(
        context=context,
        parts=parts,
        access=connections.open_access(context.resources, parts.connection),
        account=Account(
            remote_id=parts.account.remote_id,
            title=parts.account.title,
            currency=parts.account.currency,
            timezone=parts.account.timezone,
            item=parts.account.item,
        ),
        seen_from=horizon(parts.report, parts.today),
        screen=screen_of(session, context.scope, parts),
        shape=shape_of(session, context.scope, parts),
        begun_at=clock.now(),
    )
    return work, windows_of(session, context.hold(session), parts, work.seen_from)


def _gives_way(work: Work, window: RunWindow) -> bool:
    """Let others begin before history is gone on with; whether the run waits now.

    A run of the same extract that is due, such as the daily one, goes first at once; all others that
    wait do when history was read for a while.
    """
    if not is_history(days_of(window), work.seen_from):
        return False
    slice_seconds = work.context.resources.settings.history_slice_seconds
    with work.context.step() as session:
        run = work.context.hold(session)
        run.priority = min(run.priority, backlog.BACKLOG_PRIORITY)
        is_over = clock.now() - work.begun_at >= timedelta(seconds=slice_seconds)
        if not is_over and not backlog.is_awaited(session, run):
            return False
        runs.give_way(run, work.context.now(session))
        runs.wake(session)
    return True


def _fresh_access(work: Work) -> Access:
    """What to read the next window with: credentials that are about to end are made new before."""
    if not isinstance(work.parts.connector, RenewsCredentials):
        return work.access
    resources = work.context.resources
    connection = renewed_by_itself(
        work.context.look, work.context.scope, resources, work.parts.connection.id
    )
    return connections.open_access(resources, connection)


def _read_window(work: Work, window: RunWindow) -> None:
    work.context.watch.lap()
    access = _fresh_access(work)
    journal = RunJournal(work.context, window.id, window.bookmark)
    request = ReadRequest(
        account=work.account,
        report=work.parts.report.name,
        fields=work.parts.extract.fields,
        window=days_of(window),
        journal=journal,
        settings=work.parts.extract.settings,
        bad_values=BadValues(work.parts.extract.bad_values),
    )
    writer = work.context.resources.lake.new_file(
        workspace_id=work.context.scope.workspace_id,
        table_id=work.table_id,
        account_id=work.account.remote_id,
        account_name=work.account.title,
        inserted_at=clock.now(),
        date_field=work.parts.date_field,
    )
    with (
        writer,
        reading.opened(work.context, work.parts.connector, access, request, window.id) as batches,
    ):
        for batch in batches:
            journal.batch_read(batch.num_rows)
            writer.write(_stored(work, batch, journal))
        staged = writer.finish()
    journal.seconds_reading = work.context.watch.lap()
    if not journal.rows_read:
        _doubt_emptiness(work, window)
    with work.context.step() as session:
        _store_window(session, work, window, staged, journal)


def _stored(work: Work, batch: pa.RecordBatch, journal: RunJournal) -> pa.RecordBatch:
    """What is stored of a batch.

    Raises:
        Refused: if its columns are not what the data table's policy lets them be.
    """
    shown = work.screen.shown(batch)
    fatal = work.shape.look_at(shown)
    if fatal is not None:
        with work.context.step() as session:
            scope, run_id = work.context.scope, work.context.run_id
            refusal = refuse(session, scope, work.parts, work.shape, fatal, run_id)
        raise refusal
    return work.shape.fitted(shown, journal)


def _store_window(
    session: Session,
    work: Work,
    window: RunWindow,
    staged: StagedFile | None,
    journal: RunJournal,
) -> None:
    run = work.context.hold(session)
    days = days_of(window)
    keep(session, work.context.scope, work.parts, work.shape, staged, run.id)
    replaced = _replace(session, work, days, staged)
    runs.finish_window(session, run, window.id, replaced.rows_added)
    run.rows_read += journal.rows_read
    run.rows_written += replaced.rows_added
    run.rows_deleted += replaced.rows_removed_estimate
    run.rows_rejected += journal.bad_values
    run.retries += journal.retries
    run.bytes_written += staged.bytes if staged else 0
    run.seconds_reading += journal.seconds_reading
    run.seconds_storing += work.context.watch.lap()


def _replace(
    session: Session, work: Work, days: DayRange | None, staged: StagedFile | None
) -> Replaced:
    if staged is not None:
        report = work.parts.report
        days = replaced_days(report, days, staged.first_date, staged.last_date)
    elif work.parts.report.holds_some_days and days is not None:
        return Replaced(0, 0)  # a file without rows of these days says nothing of them
    return replace_window(
        session,
        table_id=work.table_id,
        workspace_id=work.context.scope.workspace_id,
        account_id=work.account.remote_id,
        days=days,
        staged=staged,
        run_id=work.context.run_id,
        state=_state(work.seen_from, days),
    )


def _state(seen_from: Horizon, days: DayRange | None) -> SegmentState:
    if days is not None and seen_from.is_changing(days):
        return SegmentState.PROVISIONAL
    return SegmentState.FINAL


def _doubt_emptiness(work: Work, window: RunWindow) -> None:
    """Ask again before an answer without rows may erase rows (promise 4).

    Raises:
        TryLater: while the source has not said so often enough; what is there stays.
    """
    days = days_of(window)
    # Where fewer attempts are allowed, the last of them is believed: else none ever would be.
    attempts = min(_EMPTY_ANSWERS_BELIEVED, work.context.resources.settings.run_attempts)
    with work.context.step() as session:
        if work.context.hold(session).attempt + 1 >= attempts:
            return
        live = live_segments(session, work.table_id, [work.account.remote_id])
        if not any(_has_rows(segment, days) for segment in live):
            return
        # A report that the source has made before would say the same again.
        session.get_one(RunWindow, window.id).bookmark = None
        mark_days(
            session,
            table_id=work.table_id,
            workspace_id=work.context.scope.workspace_id,
            account_id=work.account.remote_id,
            days=[days],
            kind=MarkKind.DOUBTED,
            run_id=work.context.run_id,
        )
    raise TryLater(
        told(
            "The source answered without rows for {days}, where there were rows before. "
            "They are kept until it has said so several times.",
            days=str(days) if days else told("the account"),
        )
    )


def _has_rows(segment: Segment, days: DayRange | None) -> bool:
    is_touched = days is None or segment.days is None or segment.days.overlaps(days)
    return is_touched and segment.rows > 0


def _finish(session: Session, work: Work) -> None:
    now = work.context.now(session)
    parts = whole(session, work.context.scope, work.parts.extract.id)
    data_tables.touch(session, parts.table, now)
    session.flush()  # the table before the extract, as requests take them
    parts.extract.last_sync = now
    parts.extract.error = None
    session.flush()  # the extract before its account in the table, likewise
    known = expected(work.parts.account, parts.extract, work.parts.report)
    accounts.synced(session, work.context.scope, work.table_id, known, now)
    loads.start_runs_for(session, work.context.scope, work.table_id)
    followers.tell(session, work.context.scope, work.table_id)
    run = work.context.hold(session)
    runs.succeed(run, now)
    announcing.completed(session, parts, run)
